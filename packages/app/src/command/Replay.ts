/**
 * `evenkeel replay`: price files, journals or captures through the hot path, as fast as it goes or at a multiple of real time.
 *
 * Changes go to standard output, one JSON object a line with `--json`; everything else to standard error.
 */
import { reasonsOf } from "@evenkeel/alerting/render/Reasons"
import { readCapture } from "@evenkeel/connectors/capture/Capture"
import { modelUnusable, openModel } from "@evenkeel/detection/model/ModelFiles"
import { allocateModelMemory, ModelPublisher } from "@evenkeel/detection/model/ModelMemory"
import { QuestionAnswerer } from "@evenkeel/detection/model/ModelQuestions"
import { readOnnxFile } from "@evenkeel/detection/onnx/OnnxFiles"
import { replayLimits, startOnnxThread } from "@evenkeel/detection/onnx/OnnxThread"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { type VenueId, venueIds } from "@evenkeel/domain/market/Venue"
import { type LevelChange, type RiskLevel, severity } from "@evenkeel/domain/risk/RiskLevel"
import type { KernelMemory } from "@evenkeel/learning/kernels/Kernels"
import { performanceLine } from "@evenkeel/runtime/log/LogRecord"
import { readJournal } from "@evenkeel/store/journal/JournalReader"
import { Console, DateTime, Effect, FileSystem, Option, Schema } from "effect"
import { basename } from "node:path"
import { CaptureReplay } from "@evenkeel/replay/capture/CaptureReplay"
import { JournalReplay } from "@evenkeel/replay/journal/JournalReplay"
import { readPriceFile } from "@evenkeel/replay/price/PriceFile"
import { FileReplay } from "@evenkeel/replay/price/FileReplay"

/** Rows between two looks at the clock and at interruption. */
const sliceRows = 5000

/** The files are of different kinds, or of a venue that is not known. */
export class ReplayRefused extends Schema.TaggedError<ReplayRefused>()("ReplayRefused", { problem: Schema.String }) {
  override get message() {
    return this.problem
  }
}

const isJournal = (file: string) => file.endsWith(".journal")
const isCapture = (file: string) => /\.jsonl(\.gz)?$/.test(file)

interface ReplayModel {
  /** What the hot path reads its model from. */
  readonly memory: KernelMemory
  /** Questions that were not answered in time: a replay that went on would not give the same answers again. */
  readonly missed: () => number
}

export const runReplay = Effect.fn("runReplay")(function* (options: ReplayOptions) {
  yield* Effect.scoped(replay(options))
})

export interface ReplayOptions {
  readonly files: ReadonlyArray<string>
  /** Of price files; a journal says itself which there were. */
  readonly bridges: ReadonlyArray<string>
  readonly json: boolean
  /** Changes to a level below it are left out. */
  readonly level: Option.Option<RiskLevel>
  /** `shipped`, `none`, a model file, or an ONNX file whose metadata says what it holds. */
  readonly model: string
  readonly speed: Option.Option<number>
  readonly venue: Option.Option<VenueId>
}

const replay = Effect.fnUntraced(function* (options: ReplayOptions) {
  const began = performance.now()
  yield* Effect.forEach(options.files, checkFile, { discard: true })
  const model = yield* openModelMemory(options.model)
  const sources = yield* open(options, model?.memory)
  let rows = 0
  const changes: Array<LevelChange> = []
  const floor = Option.match(options.level, { onNone: () => 0, onSome: severity })
  const print = Effect.suspend(() =>
    Effect.forEach(
      changes.splice(0),
      (change) => (severity(change.level) >= floor ? Console.log(options.json ? jsonOf(change) : textOf(change)) : Effect.void),
      { discard: true }
    )
  )
  for (const source of sources) {
    const firstTime = source.nextTime()
    const started = performance.now()
    for (;;) {
      const next = source.nextTime()
      if (Option.isSome(options.speed) && next !== undefined && firstTime !== undefined) {
        const due = (next - firstTime) / options.speed.value - (performance.now() - started)
        if (due > 0) yield* Effect.sleep(due)
      }
      const fed = source.feed(Option.isSome(options.speed) ? 1 : sliceRows, (change) => changes.push(change))
      if (model !== undefined && model.missed() > 0)
        return yield* new ReplayRefused({ problem: `${options.model} gave no answer in time: what follows would not be the same again` })
      yield* print
      if (fed === 0) break
      rows += fed
      if (Option.isNone(options.speed)) yield* Effect.yieldNow
    }
  }
  const seconds = (performance.now() - began) / 1000
  yield* Effect.logInfo("replayed", {
    ...performanceLine,
    rows,
    seconds: Number(seconds.toFixed(3)),
    rowsPerSecond: Math.round(rows / seconds)
  })
})

/** Undefined where no model was asked for. */
const openModelMemory = Effect.fnUntraced(function* (model: string) {
  if (model === "none") return undefined
  const memory = allocateModelMemory()
  const publisher = new ModelPublisher(memory)
  if (model.endsWith(".onnx")) return yield* openOnnx(model, memory, publisher)
  const opened = yield* openModel(model === "shipped" ? Option.none() : Option.some(model))
  if (Option.isNone(opened))
    return yield* new ReplayRefused({ problem: "no model is shipped with this program: name a model file with --model" })
  const problem = publisher.publish(opened.value.file.model, 1)
  if (problem !== undefined) return yield* modelUnusable(opened.value.name, problem)
  return { memory, missed: () => 0 } satisfies ReplayModel
})

const openOnnx = Effect.fnUntraced(function* (name: string, memory: KernelMemory, publisher: ModelPublisher) {
  const file = yield* readOnnxFile({ file: name, features: [], heads: [] })
  const { heads, inputs, version } = file
  const address = publisher.publishQuestions({ inputs, heads, waitMillis: replayLimits.waitMillis }, version)
  yield* startOnnxThread(file, memory, address, replayLimits)
  const questions = new QuestionAnswerer(memory, address)
  const missed = () => {
    const { late, notAsked } = questions.counts()
    return late + notAsked
  }
  return { memory, missed } satisfies ReplayModel
})

const checkFile = Effect.fnUntraced(function* (file: string) {
  const files = yield* FileSystem.FileSystem
  const info = yield* Effect.option(files.stat(file))
  if (Option.isNone(info)) return yield* new ReplayRefused({ problem: `${file}: there is no such file, or it may not be read` })
  if (info.value.type === "Directory")
    return yield* new ReplayRefused({ problem: `${file} is a directory: name its files, as in ${file}/*.gz` })
})

const open = Effect.fnUntraced(function* (
  { bridges, files, venue }: Pick<ReplayOptions, "bridges" | "files" | "venue">,
  models: KernelMemory | undefined
) {
  if (bridges.length > 0 && files.some((file) => isJournal(file) || isCapture(file)))
    return yield* new ReplayRefused({ problem: "--bridges is for price files: journals have their own, and captures have none" })
  if (files.every(isJournal)) {
    return yield* Effect.forEach(
      files,
      Effect.fnUntraced(function* (file) {
        const segment = yield* readJournal(file)
        if (segment.damagedBytes > 0)
          yield* Effect.logWarning("the journal ends in damage, which is left out", { file, bytes: segment.damagedBytes })
        return new JournalReplay(segment, models)
      })
    )
  }
  if (files.every(isCapture)) {
    return yield* Effect.forEach(
      files,
      Effect.fnUntraced(function* (file) {
        const named = Option.getOrUndefined(venue) ?? venueIds.find((id) => file.split("/").includes(id) || basename(file).startsWith(id))
        if (named === undefined) return yield* new ReplayRefused({ problem: `${file}: say whose frames these are with --venue` })
        return new CaptureReplay(named, yield* readCapture(file), models)
      })
    )
  }
  if (files.some((file) => isJournal(file) || isCapture(file))) {
    return yield* new ReplayRefused({ problem: "price files, journals and captures cannot be mixed in one replay" })
  }
  const priceFiles = yield* Effect.forEach(files, readPriceFile)
  const unpriced = bridges.filter((bridge) => !priceFiles.some(({ instrument }) => instrument.base === bridge))
  if (unpriced.length > 0) return yield* new ReplayRefused({ problem: `--bridges ${unpriced.join(",")}: no file has a price of it` })
  for (const { badRows, file, instrument, rows } of priceFiles) {
    if (rows === 0) return yield* new ReplayRefused({ problem: `${file}: holds no row that can be read` })
    if (coinOf(instrument.base) === undefined && coinOf(instrument.quote) === undefined && !bridges.includes(instrument.base))
      yield* Effect.logWarning("neither coin of the pair is a stablecoin that is known: the file says nothing", { file })
    if (badRows > 0) yield* Effect.logWarning("rows were left out that cannot be read", { file, badRows, rows })
  }
  return [new FileReplay(priceFiles, { bridges, ...(models === undefined ? {} : { models }) })]
})

const isoOf = (time: number): string => DateTime.formatIso(DateTime.makeUnsafe(Math.round(time)))

const jsonOf = (change: LevelChange): string => {
  const { coin, deviationBps, errorBps, fairValue, kind, level, previous, time, venues } = change
  return JSON.stringify({
    time: isoOf(time),
    coin,
    level,
    previous,
    fairValue: Number(fairValue.toFixed(8)),
    deviationBps: Number(deviationBps.toFixed(6)),
    errorBps: Number(errorBps.toFixed(3)),
    reason: reasonsOf(change),
    kind,
    venues
  })
}

const textOf = (change: LevelChange): string => {
  const { coin, deviationBps, kind, level, previous, time } = change
  return `${isoOf(time)} ${coin.padEnd(6)} ${previous.padStart(8)} → ${level.padEnd(8)} ${kind.padEnd(8)} ${deviationBps.toFixed(1).padStart(8)} bps  ${reasonsOf(change)[0] ?? ""}`
}
