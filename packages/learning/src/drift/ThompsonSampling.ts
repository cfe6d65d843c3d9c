/**
 * Which of several models should serve for a while: each is drawn with the probability that it is the best, by what it earned so far.
 * Source: W. Thompson, 1933; rewards between 0 and 1 as in S. Agrawal and N. Goyal, 2012 (a Beta posterior of fractional successes).
 */
import type { Random } from "../data/Random.ts"

export interface Arm {
  /** Times it served, and the sum of its rewards, 0 to 1 each. */
  readonly served: number
  readonly reward: number
}

/** A draw from Beta(a, b) for a, b at least 1, by two gamma draws (G. Marsaglia and W. Tsang, 2000). */
const beta = (random: Random, a: number, b: number): number => {
  const x = gamma(random, a)
  return x / (x + gamma(random, b))
}

const gamma = (random: Random, shape: number): number => {
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = random.normal()
    const v = (1 + c * x) ** 3
    if (v > 0 && Math.log(1 - random.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v
  }
}

/** Index of the arm that should serve next. The champion, first, starts with `head` rewards of one in hand: a newcomer must earn its turn. */
export const chooseArm = (arms: ReadonlyArray<Arm>, random: Random, head = 20): number => {
  let best = -1
  let chosen = 0
  for (const [index, { reward, served }] of arms.entries()) {
    const lead = index === 0 ? head : 0
    const drawn = beta(random, 1 + lead + reward, 1 + Math.max(0, served - reward))
    if (drawn > best) {
      best = drawn
      chosen = index
    }
  }
  return chosen
}
