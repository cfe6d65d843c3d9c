/** What a simulation draws, all of it from its seed. */
import { seeded } from "@evenkeel/connectors/simulated/Scenario"

/** Draws of a simulation, all from its seed. */
export interface Chance {
  /** In [0, 1). */
  readonly next: () => number
  readonly between: (low: number, high: number) => number
  readonly whole: (low: number, high: number) => number
  readonly one: <A>(items: ReadonlyArray<A>) => A
  /** True with this probability. */
  readonly happens: (probability: number) => boolean
}

export const chanceOf = (seed: number): Chance => {
  const next = seeded(seed)
  const between = (low: number, high: number) => low + (high - low) * next()
  const whole = (low: number, high: number) => Math.floor(between(low, high + 1))
  return { next, between, whole, one: (items) => items[whole(0, items.length - 1)]!, happens: (probability) => next() < probability }
}
