/**
 * By how much a coin's fair value has changed within some hours, given the level that it stood at: empirical quantiles of history.
 *
 * They answer "how bad might it get by then" with what was, and no more. The spans overlap, so the samples are far from independent: what counts is how
 * many series had that level at all, which stands beside. The coins are pooled, good ones and some that never came back; a coin's own future may be worse
 * than anything in the table.
 */
import type { RiskLevel } from "@evenkeel/domain/risk/RiskLevel"
import { Schema } from "effect"

/** How far ahead, minutes: the longer horizons of the model. */
export const horizonsMinutes = [60, 240, 1440] as const
/** Of the change: the worst in a thousand, in a hundred and in twenty, downwards and upwards. */
export const quantileShares = [0.001, 0.01, 0.05, 0.95, 0.99, 0.999] as const
/** The levels in which a coin has a price. */
export const pricedLevels = ["normal", "watch", "warning", "critical"] as const
export type PricedLevel = (typeof pricedLevels)[number]

const ofLength = <Item extends Schema.Top>(length: number, item: Item) =>
  Schema.Array(item).check(Schema.isMinLength(length), Schema.isMaxLength(length))

const LevelQuantiles = Schema.Struct({
  /** Starts of spans, one a quarter of an hour or one a bar where bars are longer; spans overlap. */
  samples: Schema.Int,
  /** Series (a coin in a market) that had the level. */
  series: Schema.Int,
  /** Change of the fair value in bps, by horizon and quantile; null where history is too short to know. */
  changesBps: ofLength(horizonsMinutes.length, ofLength(quantileShares.length, Schema.NullOr(Schema.Finite)))
})

export const ChangeQuantiles = Schema.Struct({
  format: Schema.Literal("evenkeel change quantiles 1"),
  /** What it was made from, for people. */
  source: Schema.String,
  coins: Schema.Array(Schema.String),
  from: Schema.String,
  to: Schema.String,
  /** A level without history has none: its coin is not stressed by quantiles. */
  levels: Schema.Struct({
    normal: Schema.NullOr(LevelQuantiles),
    watch: Schema.NullOr(LevelQuantiles),
    warning: Schema.NullOr(LevelQuantiles),
    critical: Schema.NullOr(LevelQuantiles)
  })
})
export type ChangeQuantiles = typeof ChangeQuantiles.Type

/** The worst in a thousand of fewer than a thousand would be an invention: a quantile needs one start of a span beyond it, and a level a hundred in all. */
const samplesMin = 100
const isKnown = (share: number, samples: number): boolean => samples * Math.min(share, 1 - share) >= 1 - 1e-9

/** Collects changes by level and horizon. */
export class ChangeSamples {
  readonly #changes = pricedLevels.map(() => horizonsMinutes.map((): Array<number> => []))
  readonly #samples = pricedLevels.map(() => 0)
  readonly #series = pricedLevels.map(() => new Set<string>())

  /** A span that began at `level`: the change in bps at each horizon, NaN where the series does not reach so far. */
  add(series: string, level: PricedLevel, changesBps: ReadonlyArray<number>): void {
    const at = pricedLevels.indexOf(level)
    if (changesBps.every(Number.isNaN)) return
    this.#samples[at]!++
    this.#series[at]!.add(series)
    changesBps.forEach((change, horizon) => {
      if (!Number.isNaN(change)) this.#changes[at]![horizon]!.push(change)
    })
  }

  levels(): ChangeQuantiles["levels"] {
    const of = (level: PricedLevel) => {
      const at = pricedLevels.indexOf(level)
      const changes = this.#changes[at]!.map((own) => Float64Array.from(own).sort())
      if (changes.some(({ length }) => length < samplesMin)) return null
      return {
        samples: this.#samples[at]!,
        series: this.#series[at]!.size,
        changesBps: changes.map((own) =>
          quantileShares.map((share) => (isKnown(share, own.length) ? Number(quantileOf(own, share).toFixed(2)) : null))
        )
      }
    }
    return { normal: of("normal"), watch: of("watch"), warning: of("warning"), critical: of("critical") }
  }
}

/** By linear interpolation between the order statistics; R. J. Hyndman and Y. Fan, "Sample Quantiles in Statistical Packages", 1996, definition 7. */
export const quantileOf = (sorted: Float64Array, share: number): number => {
  const place = share * (sorted.length - 1)
  const below = Math.floor(place)
  const lower = sorted[below]!
  return below + 1 < sorted.length ? lower + (place - below) * (sorted[below + 1]! - lower) : lower
}

export const isPriced = (level: RiskLevel): level is PricedLevel => level !== "stale"
