/** Reads the price files that a command was given: files, and directories of them. */
import { readPriceFiles } from "@evenkeel/replay/price/Markets"
import { type PriceFile, readPriceFile } from "@evenkeel/replay/price/PriceFile"
import { Effect, FileSystem, Option } from "effect"
import { join, resolve } from "node:path"

export const readRecordedPrices = Effect.fn("readRecordedPrices")(function* (names: ReadonlyArray<string>) {
  const files = yield* FileSystem.FileSystem
  const read = yield* Effect.forEach(
    names,
    Effect.fnUntraced(function* (name) {
      const info = yield* Effect.option(files.stat(name))
      const isDirectory = Option.isSome(info) && info.value.type === "Directory"
      if (!isDirectory) return [yield* readPriceFile(name)]
      return (yield* readPriceFiles(name)).map((file) => ({ ...file, file: join(name, file.file) }))
    })
  )
  const found = new Map(read.flat().map((file): [string, PriceFile] => [resolve(file.file), file]))
  return [...found.values()]
})
