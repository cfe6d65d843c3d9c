import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { makeLogFile } from "./LogFile.ts"

describe("a log's file", () => {
  it.effect("is followed by another at its size, and only so many are kept", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const directory = yield* files.makeTempDirectoryScoped()
      const file = `${directory}/logs/evenkeel.log`
      const log = yield* makeLogFile({ file, bytesMax: 10, files: 3 })
      for (const line of ["first", "second", "third", "fourth", "a line that is longer than a file"]) yield* log.write(`${line}\n`)
      const textOf = (name: string) => files.readFileString(`${directory}/logs/${name}`)
      assert.deepStrictEqual((yield* files.readDirectory(`${directory}/logs`)).sort(), ["evenkeel.log", "evenkeel.log.1", "evenkeel.log.2"])
      assert.strictEqual(yield* textOf("evenkeel.log.2"), "third\n")
      assert.strictEqual(yield* textOf("evenkeel.log.1"), "fourth\n")
      assert.strictEqual(yield* textOf("evenkeel.log"), "a line that is longer than a file\n")
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.effect("goes on where the last run ended, and is begun anew when it was moved away", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const file = `${yield* files.makeTempDirectoryScoped()}/evenkeel.log`
      yield* files.writeFileString(file, "before\n")
      const log = yield* makeLogFile({ file, bytesMax: 1000, files: 3 })
      yield* log.write("one\n")
      yield* files.rename(file, `${file}.moved`)
      yield* log.write("two\n")
      log.reopen()
      yield* log.write("three\n")
      log.writeSync("four\n")
      assert.strictEqual(yield* files.readFileString(`${file}.moved`), "before\none\ntwo\n")
      assert.strictEqual(yield* files.readFileString(file), "three\nfour\n")
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.effect("is refused where it cannot be", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const file = yield* files.makeTempDirectoryScoped()
      const error = yield* Effect.flip(makeLogFile({ file, bytesMax: 10, files: 1 }))
      assert.include(error.message, `${file} cannot be written as a log`)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
