import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, type Scope } from "effect"
import { TestClock } from "effect/testing"
import { trimJournal } from "./JournalRetention.ts"

const day = 86_400_000

/** Segments of 100 bytes with an index of 10, one written each day. */
const journalOf = Effect.fnUntraced(function* (segments: number) {
  const files = yield* FileSystem.FileSystem
  const directory = yield* files.makeTempDirectoryScoped()
  for (let number = 1; number <= segments; number++) {
    const name = `${directory}/${String(number).padStart(6, "0")}`
    yield* files.writeFile(`${name}.journal`, new Uint8Array(100))
    yield* files.writeFile(`${name}.index`, new Uint8Array(10))
    // A file system takes seconds.
    yield* files.utimes(`${name}.journal`, (number * day) / 1000, (number * day) / 1000)
  }
  yield* TestClock.setTime(segments * day)
  return directory
})

const namesIn = (directory: string) =>
  Effect.flatMap(FileSystem.FileSystem, (files) => Effect.map(files.readDirectory(directory), (names) => [...names].sort()))

const test = (name: string, body: Effect.Effect<void, unknown, FileSystem.FileSystem | Scope.Scope>) =>
  it.effect(name, () => body.pipe(Effect.scoped, Effect.provide(NodeServices.layer)))

describe("the journal's retention", () => {
  test(
    "removes the oldest segments, with their indexes, until the rest is within its size",
    Effect.gen(function* () {
      const directory = yield* journalOf(5)
      const trim = yield* trimJournal({ directory, bytesMax: 330, ageMaxMillis: 100 * day })
      assert.deepStrictEqual(trim, { removedSegments: 2, removedBytes: 220, keptBytes: 330 })
      assert.deepStrictEqual(
        yield* namesIn(directory),
        ["000003", "000004", "000005"].flatMap((name) => [`${name}.index`, `${name}.journal`])
      )
    })
  )

  test(
    "removes segments that are too old, and never the newest",
    Effect.gen(function* () {
      const directory = yield* journalOf(5)
      assert.deepInclude(yield* trimJournal({ directory, bytesMax: 1e9, ageMaxMillis: 2 * day }), { removedSegments: 2 })
      yield* TestClock.adjust(100 * day)
      assert.deepInclude(yield* trimJournal({ directory, bytesMax: 0, ageMaxMillis: 2 * day }), { removedSegments: 2, keptBytes: 110 })
      assert.deepStrictEqual(yield* namesIn(directory), ["000005.index", "000005.journal"])
    })
  )

  test(
    "has nothing to do where there is no journal, and leaves other files alone",
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const directory = yield* journalOf(0)
      assert.deepInclude(yield* trimJournal({ directory: `${directory}/missing`, bytesMax: 0, ageMaxMillis: 0 }), { keptBytes: 0 })
      yield* files.writeFileString(`${directory}/notes.txt`, "mine")
      yield* trimJournal({ directory, bytesMax: 0, ageMaxMillis: 0 })
      assert.deepStrictEqual(yield* namesIn(directory), ["notes.txt"])
    })
  )
})
