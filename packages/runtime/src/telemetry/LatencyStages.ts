/**
 * How long each stage between a venue and a receiver takes, of this engine: one histogram a stage, in fixed memory.
 *
 * Whoever ends a stage records it. Where a stage begins in one component and ends in another, the first marks a key that both know; marks that nobody
 * came for give way to newer ones, so that after a restart, or with another engine's work, nothing is measured instead of something wrong.
 */
import { Clock, Context, Effect, Option } from "effect"
import type { CountedHistogram } from "./BucketedHistograms.ts"
import { Histogram } from "./Histogram.ts"
import { bucketOf } from "./LatencyBounds.ts"
import type { Exemplar } from "./OpenMetrics.ts"
import { RecentHistogram } from "./RecentHistogram.ts"

const marksMax = 1000

/** Nanoseconds; null where nothing was measured. */
export interface LatencySummary {
  readonly count: number
  readonly p50: number | null
  readonly p95: number | null
  readonly p99: number | null
  readonly p999: number | null
  readonly max: number | null
}

export interface StageLatency {
  readonly stage: string
  /** Of the last minute. */
  readonly recent: LatencySummary
  /** Since the start. */
  readonly whole: LatencySummary
}

const shares = [0.5, 0.95, 0.99, 0.999, 1]

export const summaryOf = (histogram: Histogram): LatencySummary => {
  const [p50, p95, p99, p999, max] = histogram.quantiles(shares).map((value) => (Number.isNaN(value) ? null : value))
  return { count: histogram.count(), p50: p50!, p95: p95!, p99: p99!, p999: p999!, max: max! }
}

interface Stage {
  readonly whole: Histogram
  readonly recent: RecentHistogram
  /** The last trace that fell into each of the shown buckets. */
  readonly exemplars: Array<Exemplar | undefined>
}

const nanosPerSecond = 1e9

/** The present span as the trace of a measurement, where it is kept. */
export const presentTrace = Effect.gen(function* () {
  const span = yield* Effect.option(Effect.currentSpan)
  if (Option.isNone(span) || !span.value.sampled) return undefined
  return { traceId: span.value.traceId, spanId: span.value.spanId, time: yield* Clock.currentTimeMillis }
})
type Trace = Omit<Exemplar, "value">

export class LatencyMeter {
  readonly #stages = new Map<string, Stage>()
  readonly #marks = new Map<string, number>()

  /** Takes a histogram in which another thread counts. */
  add(stage: string, whole: Histogram): void {
    this.#stages.set(stage, { whole, recent: new RecentHistogram(whole), exemplars: [] })
  }

  record(stage: string, nanos: number, trace?: Trace): void {
    const { exemplars, whole } = this.#stageOf(stage)
    whole.record(nanos)
    const value = nanos / nanosPerSecond
    if (trace !== undefined) exemplars[bucketOf(value)] = { ...trace, value }
  }

  /** A stage that has measured nothing is there with nothing. */
  know(stage: string): void {
    this.#stageOf(stage)
  }

  /** `key` begins at `nanos`, of a clock that does not run backwards. */
  mark(key: string, nanos: number): void {
    if (this.#marks.size >= marksMax) this.#marks.delete(this.#marks.keys().next().value!)
    this.#marks.set(key, nanos)
  }

  /** Records how long it is since `key` was marked; nothing where it was not. */
  since(stage: string, key: string, nanos: number, trace?: Trace): void {
    const began = this.#marks.get(key)
    if (began !== undefined) this.record(stage, nanos - began, trace)
  }

  get histograms(): ReadonlyMap<string, Histogram> {
    return new Map([...this.#stages].map(([stage, { whole }]) => [stage, whole]))
  }

  get counted(): ReadonlyMap<string, CountedHistogram> {
    return new Map([...this.#stages].map(([stage, { exemplars, whole }]) => [stage, { histogram: whole, exemplars }]))
  }

  /** Every stage, at `now` in ms of a clock that does not run backwards; call it every few seconds, for the minute is kept by calls. */
  summaries(now: number): ReadonlyArray<StageLatency> {
    return [...this.#stages].map(([stage, { recent, whole }]) => ({ stage, recent: summaryOf(recent.at(now)), whole: summaryOf(whole) }))
  }

  #stageOf(name: string): Stage {
    const known = this.#stages.get(name)
    if (known !== undefined) return known
    this.add(name, new Histogram())
    return this.#stages.get(name)!
  }
}

/** Each engine has its own. */
export const LatencyStages = Context.Reference<LatencyMeter>("@evenkeel/runtime/telemetry/LatencyStages", {
  defaultValue: () => new LatencyMeter()
})
