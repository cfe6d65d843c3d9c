/** Readings that nobody publishes but the simulation, for rules: of each coin a value that flaps, is steady for a while, or cannot be seen, drawn from the seed. */
import type { Reading } from "@evenkeel/alerting/rule/Signals"
import type { Chance } from "./Chance.ts"

interface Step {
  /** Milliseconds since the simulation began. */
  readonly from: number
  readonly value: number | null
}

/** Beyond both thresholds of rules, between one and where it clears, and below either. */
const values = [120, 120, 70, 30, 0, 0]
const unseenShare = 0.1

export class Flapping {
  readonly #steps: ReadonlyMap<string, ReadonlyArray<Step>>

  /** Until `until` they flap; then all of them are where no rule holds. */
  constructor(chance: Chance, coins: ReadonlyArray<string>, until: number) {
    this.#steps = new Map(
      coins.map((coin) => {
        const steps: Array<Step> = [{ from: 0, value: 0 }]
        const slowest = chance.one([3000, 8000, 20_000])
        for (let from = chance.whole(1000, 10_000); from < until; from += chance.whole(1000, slowest))
          steps.push({ from, value: chance.happens(unseenShare) ? null : chance.one(values) })
        return [coin, [...steps, { from: until, value: 0 }]]
      })
    )
  }

  get coins(): ReadonlyArray<string> {
    return [...this.#steps.keys()]
  }

  valueAt(coin: string, at: number): number | null {
    return this.#steps.get(coin)!.findLast(({ from }) => from <= at)!.value
  }

  readings(at: number): ReadonlyArray<Reading> {
    return this.coins.map((coin) => ({ signal: "oracleGap", labels: { coin, oracle: "simulated" }, value: this.valueAt(coin, at) }))
  }
}
