/** What of alerting a seed draws for its world, and whether anything fails in it at all. */
import { type AlertPlan, drawPlan } from "./AlertPlan.ts"
import { chanceOf } from "./Chance.ts"
import { Flapping } from "./Flapping.ts"

/** What of alerting a world has beyond every receiver being told of every change at once. */
export interface AlertWorld {
  /** That of the start, and one that it can be changed for. */
  readonly plans: readonly [first: AlertPlan, second: AlertPlan]
  readonly flapping: Flapping
  /** When a plan came to hold, by the simulation's time. */
  readonly changes: Array<{ readonly at: number; readonly plan: AlertPlan }>
  /** Nothing fails in it, so that every notification has its millisecond. */
  readonly isQuiet: boolean
  /** When the engine of a quiet world is started, ms: at no time at which anything else happens. */
  readonly startsAfter: number
}

/** Shares of worlds with plans, of those in which nothing fails, and of those in which dozens of coins flap. */
const planShare = 0.7
const quietShare = 0.35
const manyShare = 0.08
const manyCoins = 24

/** Drawn apart from everything else. */
export const drawAlerting = (seed: number, coins: ReadonlyArray<string>, millis: number): AlertWorld | undefined => {
  const chance = chanceOf(seed * 104_729 + 3)
  if (!chance.happens(planShare)) return undefined
  const others = chance.happens(manyShare) ? Array.from({ length: manyCoins }, (_, index) => `C${index}`) : []
  const plans = [drawPlan(chance, "a", coins), drawPlan(chance, "b", coins)] as const
  return {
    plans,
    flapping: new Flapping(chance, [...coins, ...others], millis),
    changes: [{ at: 0, plan: plans[0] }],
    isQuiet: chance.happens(quietShare),
    startsAfter: 10 * chance.whole(1, 90) + 3
  }
}
