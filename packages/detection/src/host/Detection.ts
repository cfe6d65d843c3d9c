/**
 * What fibers see of the hot path: the latest state of every coin and instrument, and broadcasts of what changes.
 *
 * Fair values, books and levels are kept and decided in the hot path; nothing is computed here. A broadcast has any number of listeners, each
 * with a bound: one that falls behind loses the oldest. The log has every level change, for whoever must miss none.
 */
import type { Coin } from "@evenkeel/domain/coin/Coin"
import type { LevelChange } from "@evenkeel/domain/risk/RiskLevel"
import type { KernelMemory } from "@evenkeel/learning/kernels/Kernels"
import { Histogram } from "@evenkeel/runtime/telemetry/Histogram"
import { Context, Effect, Layer, Queue, Stream } from "effect"
import { allocateStages, type HotPathStage, stageHistograms } from "../hotpath/Stages.ts"
import { allocateModelMemory } from "../model/ModelMemory.ts"
import type { Refusal, Resync } from "./SignalReader.ts"
import type { CoinState, InstrumentState } from "./States.ts"

export class Detection extends Context.Service<
  Detection,
  {
    readonly coins: ReadonlyArray<Coin>
    /** Every change of a coin's level, from now on. */
    readonly levels: Stream.Stream<LevelChange>
    /** A coin's value, error, level and probabilities each time it is scored. */
    readonly values: Stream.Stream<CoinState>
    /** An instrument's quote and book each time a coin of its is scored and it has changed. */
    readonly quotes: Stream.Stream<InstrumentState>
    /** The latest state of the coin at `index` in `coins`; undefined before its first score. */
    readonly coin: (index: number) => CoinState | undefined
    /** The latest state of an instrument; undefined before its first frame. */
    readonly instrument: (number: number) => InstrumentState | undefined
    /** Copies what a coin was judged by at its last bar's close (see `featureRow`); false before the first. */
    readonly features: (coin: number, target: Float64Array) => boolean
    /** Where a model is published for the hot path; see `ModelPublisher`. */
    readonly models: KernelMemory
    /** Books that must be built anew, for exactly one taker: the connectors. */
    readonly resyncs: Queue.Dequeue<Resync>
    /** A sample of the frames that could not be used; the counters have all. */
    readonly refusals: Queue.Dequeue<Refusal>
    /** One element each time the hot path began anew: every book must be built again. */
    readonly restarts: Queue.Dequeue<void>
    /** One of a venue's counts; see `venueCounters`. */
    readonly counter: (venue: number, counter: number) => number
    /** Scores that found the signals ring full: listeners missed them, the state table did not. */
    readonly scoresDropped: () => number
    /** From a frame's publication to its score, ns, since the start. */
    readonly latency: Histogram
    /** How long each part of the hot path's work takes, ns, since the start. */
    readonly stages: Readonly<Record<HotPathStage, Histogram>>
    /** Nanoseconds that the hot path has spent on frames since the start; of a hot path without a thread of its own nothing is known: 0. */
    readonly busyNanos: () => number
  }
>()("@evenkeel/detection/host/Detection") {
  /** A double: everything is unknown and nothing happens, but for what `over` says. */
  static readonly layerTest = (over: Partial<Detection["Service"]> = {}) => Layer.effect(Detection, makeDouble(over))
}

const makeDouble = Effect.fnUntraced(function* (over: Partial<Detection["Service"]>) {
  const coins = over.coins ?? []
  return Detection.of({
    coins,
    levels: Stream.never,
    values: Stream.never,
    quotes: Stream.never,
    coin: () => undefined,
    instrument: () => undefined,
    features: () => false,
    models: over.models ?? allocateModelMemory(),
    resyncs: yield* Queue.sliding<Resync>(1),
    refusals: yield* Queue.sliding<Refusal>(1),
    restarts: yield* Queue.sliding<void>(1),
    counter: () => 0,
    scoresDropped: () => 0,
    latency: new Histogram(),
    stages: stageHistograms(allocateStages()),
    busyNanos: () => 0,
    ...over
  })
})
