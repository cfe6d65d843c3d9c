/**
 * A coin's probabilities as series of `/metrics`. A gauge keeps its last value, so that what is not known any more is told as no number:
 * while a coin is stale, or no model serves, nobody shall read an old probability as a new one.
 */
import type { CoinView } from "@evenkeel/api/contract/group/Coins"

export interface ProbabilityReading {
  readonly horizonMinutes: number
  /** 0 to 1; NaN where it is not known now. */
  readonly probability: number
}

export class BreakProbabilities {
  /** Horizons that were told of a coin; a model has a handful. */
  readonly #told = new Map<string, Set<number>>()

  readings({ coin, level, model }: Pick<CoinView, "coin" | "level" | "model">): ReadonlyArray<ProbabilityReading> {
    const horizons = level === "stale" ? [] : (model?.horizons ?? [])
    const told = this.#told.get(coin) ?? new Set<number>()
    this.#told.set(coin, told)
    for (const { minutes } of horizons) told.add(minutes)
    return [...told].map((horizonMinutes) => ({
      horizonMinutes,
      probability: horizons.find(({ minutes }) => minutes === horizonMinutes)?.probability ?? Number.NaN
    }))
  }
}
