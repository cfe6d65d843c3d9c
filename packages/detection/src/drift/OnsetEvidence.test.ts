import { assert, describe, it } from "@effect/vitest"
import { Random } from "@evenkeel/learning/data/Random"
import { logit, sigmoid } from "@evenkeel/learning/logistic/LogisticRegression"
import { Schema } from "effect"
import { horizonsMinutes } from "../hotpath/SignalRecord.ts"
import { OnsetEvidence, OnsetEvidenceParts, shiftMax } from "./OnsetEvidence.ts"

const minute = 60_000
const day = 86_400_000
const hourHorizon = horizonsMinutes.indexOf(60)

/**
 * A market of four coins in bars of five minutes, and a model that is right about everything but how often breaks come: its odds are those of a market in
 * which they come `1 / rate` times as often. One onset in two brings others within hours, as crises do.
 */
class DriftedMarket {
  readonly #random: Random
  readonly #rate: number
  /** Log odds of an onset within the hour, coin by coin: calm for days, then near a break. */
  readonly #odds = [-7, -7, -7, -7]
  /** Bars of the break that are left. */
  readonly #broken = [0, 0, 0, 0]
  readonly #aftershocks: Array<readonly [time: number, coin: number]> = []
  #time = 0

  constructor(seed: number, rate: number) {
    this.#random = new Random(seed)
    this.#rate = rate
  }

  /** The next bar of every coin: what is said of it, and its deviation. `onset` is told once, at the first bar of a break. */
  bar(each: (coin: number, time: number, saidOdds: number, deviationBps: number, onset: boolean) => void): void {
    const random = this.#random
    this.#time += 5 * minute
    for (let coin = 0; coin < 4; coin++) {
      // An hour of it is half forgotten within four; its mean probability is a break in two months.
      this.#odds[coin] = -8.3 + 0.985 * (this.#odds[coin]! + 8.3) + 0.24 * random.normal()
      const hazard = sigmoid(this.#odds[coin]! + Math.log(this.#rate)) / 12
      const after = this.#aftershocks.findIndex(([at, which]) => which === coin && at <= this.#time)
      const begins = this.#broken[coin] === 0 && (random.uniform() < 0.5 * hazard || after >= 0)
      if (after >= 0) this.#aftershocks.splice(after, 1)
      if (begins) {
        this.#broken[coin] = 12
        // One more on the mean, so that there are as many onsets as the odds say.
        for (let more = 0; more < 2; more++)
          if (random.uniform() < 0.25 + 0.25) this.#aftershocks.push([this.#time + 6 * 60 * minute * (0.3 + random.uniform()), random.below(4)])
      }
      const inBreak = this.#broken[coin]! > 0
      each(coin, this.#time, this.#odds[coin]!, inBreak ? -80 : 3, begins)
      if (inBreak) this.#broken[coin]!--
    }
  }
}
export { DriftedMarket }
void [assert, describe, it, logit, Schema, OnsetEvidence, OnsetEvidenceParts, shiftMax, day, hourHorizon]
