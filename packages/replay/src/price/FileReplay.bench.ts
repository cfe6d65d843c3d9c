/**
 * Rows of price files replayed a second, with and without the shipped model, beside a walk of `JSON.parse` over the same rows as JSON lines.
 *
 * The market is generated: three pairs of two coins by the minute, calm but for one break, so a bar closes and two coins are judged every three
 * rows; the model is asked at each change of a level, as `evenkeel replay --model` does. Time is the thread's own processor time, so that other work on the machine counts for less.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { openModel } from "@evenkeel/detection/model/ModelFiles"
import { allocateModelMemory, ModelPublisher } from "@evenkeel/detection/model/ModelMemory"
import { Random } from "@evenkeel/learning/data/Random"
import { type Bench, type BenchResult, interleave, quantile, speedup } from "@evenkeel/runtime/bench/Bench"
import { Effect, Option } from "effect"
import { FileReplay } from "./FileReplay.ts"
import type { PriceFile } from "./PriceFile.ts"

const minute = 60_000
const minutes = 20_000
const rowsPerSecondMin = 200_000
const rounds = 9

const random = new Random(4)

/** 180 bps below the peg after two thirds of the time, for six hours. */
const brokenAt = (row: number) => (row > (2 * minutes) / 3 && row < (2 * minutes) / 3 + 360 ? -0.018 : 0)

const fileOf = (base: string, quote: string, breaks: boolean): PriceFile => ({
  file: `made-${base}-${quote}.csv`,
  instrument: { venue: "made", symbol: `${base}-${quote}`, base, quote },
  stepMillis: minute,
  regular: true,
  sha256: "",
  rows: minutes,
  badRows: 0,
  times: Float64Array.from({ length: minutes }, (_, row) => Date.UTC(2030, 0, 7) + (row + 1) * minute),
  prices: Float64Array.from({ length: minutes }, (_, row) => 1 + (breaks ? brokenAt(row) : 0) + 5e-5 * random.normal()),
  volumes: Float64Array.from({ length: minutes }, () => Math.round(50_000 * (0.5 + random.uniform()))),
  buyVolumes: Float64Array.from({ length: minutes }, () => Math.round(20_000 * (0.5 + random.uniform())))
})

const linesOf = (files: ReadonlyArray<PriceFile>): ReadonlyArray<string> =>
  files.flatMap(({ buyVolumes, instrument, prices, times, volumes }) =>
    Array.from(times, (time, row) =>
      JSON.stringify({
        venue: instrument.venue,
        symbol: instrument.symbol,
        timestamp_ms: time,
        open: prices[row],
        high: prices[row],
        low: prices[row],
        close: prices[row],
        volume: volumes[row],
        buy_volume: buyVolumes[row]
      })
    )
  )

/** Nanoseconds of this thread's processor time. */
const timed = (run: () => void): number => {
  const before = process.threadCpuUsage()
  run()
  const { system, user } = process.threadCpuUsage(before)
  return (user + system) * 1000
}

const replaying = async (): Promise<ReadonlyArray<BenchResult>> => {
  const files = [fileOf("USDC", "USD", true), fileOf("USDC", "USDT", true), fileOf("USDT", "USD", false)]
  const rows = files.length * minutes
  const lines = linesOf(files)
  const shipped = await Effect.runPromise(Effect.provide(openModel(Option.none()), NodeServices.layer))
  const models = allocateModelMemory()
  const unpublished = new ModelPublisher(models).publish(Option.getOrThrow(shipped).file.model, 1)
  if (unpublished !== undefined) throw new Error(unpublished._tag)

  let changes = 0
  let sum = 0
  const replay = (options: ConstructorParameters<typeof FileReplay>[1]) => () => {
    const file = new FileReplay(files, options)
    while (file.feed(rows, () => changes++) > 0);
  }
  const [parse, plain, predicting] = await interleave(
    [
      {
        count: rows,
        run: () =>
          timed(() => {
            for (const line of lines) sum += (JSON.parse(line) as { readonly close: number }).close
          })
      },
      { count: rows, run: () => timed(replay({})) },
      { count: rows, run: () => timed(replay({ models })) }
    ],
    rounds,
    2
  )
  if (changes === 0 || Number.isNaN(sum)) throw new Error("the market was not judged")
  return [
    { name: "candle rows replayed, model on", times: predicting! },
    { name: "candle rows replayed, without a model", times: plain! }
  ].map(({ name, times }) => {
    const rowsPerSecond = 1e9 / quantile(times, 0.5)
    const { high, low, median } = speedup(parse!, times)
    return {
      name,
      bar: `≥ ${rowsPerSecondMin} rows/s`,
      measured: `${Math.round(rowsPerSecond)} rows/s, ${median.toFixed(2)}x (${low.toFixed(2)} to ${high.toFixed(2)}) of JSON.parse`,
      met: rowsPerSecond >= rowsPerSecondMin,
      figures: { rowsPerSecond, ratio: median, baseline: 1e9 / quantile(parse!, 0.5) }
    }
  })
}

export const benches: ReadonlyArray<Bench> = [{ name: "replay", run: replaying }]
