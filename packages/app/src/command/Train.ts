/** `evenkeel train`: a model file from a directory of price files. */
import { eventsOf } from "@evenkeel/lab/training/Events"
import { readPriceFiles } from "@evenkeel/replay/price/Markets"
import { sha256Of } from "@evenkeel/detection/model/ModelFiles"
import { trainOn } from "@evenkeel/lab/training/TrainOnFiles"
import { encodeModel } from "@evenkeel/learning/model/ModelFile"
import { Console, Effect, FileSystem, Option } from "effect"
import { progressBar } from "../screen/ProgressBar.ts"

export const runTrain = Effect.fn("runTrain")(function* (options: {
  readonly data: string
  readonly out: string
  readonly name: string
  readonly checkpoints: Option.Option<string>
  readonly seed: number
}) {
  const fileSystem = yield* FileSystem.FileSystem
  const files = yield* readPriceFiles(options.data)
  const progress = yield* progressBar("training")
  const { file, series } = yield* trainOn(files, { ...options, progress })
  const bytes = encodeModel(file)
  yield* fileSystem.writeFile(options.out, bytes)
  yield* Console.log(
    JSON.stringify({
      file: options.out,
      bytes: bytes.length,
      sha256: sha256Of(bytes),
      files: files.length,
      rows: series.reduce((sum, { times }) => sum + times.length, 0),
      events: eventsOf(series).length,
      figures: file.provenance.figures
    })
  )
})
