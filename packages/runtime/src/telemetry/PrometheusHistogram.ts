/**
 * Histograms of fixed memory as Prometheus reads them: `_bucket{le}` in seconds, `_sum` and `_count`, which only grow.
 *
 * What was counted is taken over by differences, so that counts of 32 bits that begin anew at 0 do no harm while somebody scrapes.
 * Format: https://prometheus.io/docs/instrumenting/exposition_formats/
 */
import { Histogram } from "./Histogram.ts"

/** Upper bounds in seconds: from a decoded message to a delivery that was put off. */
export const latencyBounds = [
  1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
  300
] as const

const nanosPerSecond = 1e9

/** One series: what one histogram of nanoseconds has counted. */
class Series {
  readonly #source: Histogram
  #seen = new Histogram()
  readonly #counts = new Float64Array(latencyBounds.length + 1)
  #sum = 0

  constructor(source: Histogram) {
    this.#source = source
  }

  lines(name: string, label: string): ReadonlyArray<string> {
    const now = this.#source.copy()
    now.since(this.#seen).forEach((nanos, count) => {
      const seconds = nanos / nanosPerSecond
      const at = latencyBounds.findIndex((bound) => seconds <= bound)
      this.#counts[at < 0 ? latencyBounds.length : at]! += count
      this.#sum += seconds * count
    })
    this.#seen = now
    let total = 0
    const buckets = latencyBounds.map((bound, at) => {
      total += this.#counts[at]!
      return `${name}_bucket{${label},le="${bound}"} ${total}`
    })
    total += this.#counts[latencyBounds.length]!
    return [
      ...buckets,
      `${name}_bucket{${label},le="+Inf"} ${total}`,
      `${name}_sum{${label}} ${this.#sum}`,
      `${name}_count{${label}} ${total}`
    ]
  }
}

/** A family of histograms that differ in one label. */
export class PrometheusHistograms {
  readonly #name: string
  readonly #help: string
  readonly #label: string
  readonly #series = new Map<string, Series>()

  constructor(name: string, help: string, label: string) {
    this.#name = name
    this.#help = help
    this.#label = label
  }

  /** Text of the family with what `sources` have counted by now, by the label's value: names of the program's own, which need no escaping. */
  text(sources: ReadonlyMap<string, Histogram>): string {
    const lines = [`# HELP ${this.#name} ${this.#help}`, `# TYPE ${this.#name} histogram`]
    for (const [value, source] of sources) {
      const series = this.#series.get(value) ?? new Series(source)
      this.#series.set(value, series)
      lines.push(...series.lines(this.#name, `${this.#label}="${value}"`))
    }
    return `${lines.join("\n")}\n`
  }
}
