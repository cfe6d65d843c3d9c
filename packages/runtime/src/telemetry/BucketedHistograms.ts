/**
 * Histograms of fixed memory in the buckets that are shown to whoever scrapes, in seconds, which only grow.
 *
 * What was counted is taken over by differences, so that counts of 32 bits that begin anew at 0 do no harm while somebody scrapes.
 */
import { Histogram } from "./Histogram.ts"
import { bucketOf, latencyBounds } from "./LatencyBounds.ts"
import type { Exemplar, ShownHistogram } from "./OpenMetrics.ts"

const nanosPerSecond = 1e9

/** What one histogram of nanoseconds has counted. */
class Series {
  readonly #source: Histogram
  #seen = new Histogram()
  readonly #counts = new Float64Array(latencyBounds.length + 1)
  #sum = 0

  constructor(source: Histogram) {
    this.#source = source
  }

  shown(exemplars: ReadonlyArray<Exemplar | undefined>): Pick<ShownHistogram, "buckets" | "sum" | "count" | "exemplar"> {
    const now = this.#source.copy()
    now.since(this.#seen).forEach((nanos, count) => {
      const seconds = nanos / nanosPerSecond
      this.#counts[bucketOf(seconds)]! += count
      this.#sum += seconds * count
    })
    this.#seen = now
    let count = 0
    const buckets = latencyBounds.map((upTo, at) => {
      count += this.#counts[at]!
      return { upTo, count, ...exemplarIn(exemplars[at]) }
    })
    return { buckets, sum: this.#sum, count: count + this.#counts[latencyBounds.length]!, ...exemplarIn(exemplars[latencyBounds.length]) }
  }
}

const exemplarIn = (exemplar: Exemplar | undefined) => (exemplar === undefined ? {} : { exemplar })

/** A histogram, and the last trace that fell into each bucket; the last one is beyond all bounds. */
export interface CountedHistogram {
  readonly histogram: Histogram
  readonly exemplars: ReadonlyArray<Exemplar | undefined>
}

/** A family of histograms that differ in one label. */
export class BucketedHistograms {
  readonly #name: string
  readonly #description: string
  readonly #label: string
  readonly #series = new Map<string, Series>()

  constructor(name: string, description: string, label: string) {
    this.#name = name
    this.#description = description
    this.#label = label
  }

  /** What `sources` have counted by now, by the label's value. */
  shown(sources: ReadonlyMap<string, CountedHistogram>): ReadonlyArray<ShownHistogram> {
    return [...sources].map(([value, { exemplars, histogram }]) => {
      const series = this.#series.get(value) ?? new Series(histogram)
      this.#series.set(value, series)
      return { name: this.#name, description: this.#description, labels: { [this.#label]: value }, ...series.shown(exemplars) }
    })
  }
}
