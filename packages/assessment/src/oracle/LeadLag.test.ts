import { assert, describe, it } from "@effect/vitest"
import { Random } from "@evenkeel/learning/data/Random"
import { leadLag } from "./LeadLag.ts"

const minute = 60_000
const shifts = { lagMillisMax: 60 * minute, leadMillisMax: 30 * minute, stepMillis: minute }

/** A walk of a thousand minutes, and rounds at random minutes that say what it was `lag` minutes before. */
const walk = (lag: number, seed: number) => {
  const random = new Random(seed)
  const times = Array.from({ length: 1000 }, (_, n) => n * minute)
  let level = 0
  const prices = times.map(() => Math.exp((level += (random.uniform() - 0.5) * 1e-3)))
  const rounds = times.map((_, n) => n).filter((n) => n >= 100 && n < 900 && random.uniform() < 0.2)
  return { fair: { times, prices }, feed: { times: rounds.map((n) => n * minute), prices: rounds.map((n) => prices[n - lag]!) } }
}

describe("leadLag", () => {
  it("finds by how much a feed with rounds at any times follows or leads", () => {
    for (const lag of [0, 7, 25, -12]) {
      const { fair, feed } = walk(lag, 3 + lag)
      const found = leadLag(feed, fair, shifts)
      assert.strictEqual(found?.lagMillis, lag * minute)
      assert.isAbove(found!.correlation, 0.99)
    }
  })

  it("says nothing of a feed that hardly changes, nor of one that has nothing to do with the value", () => {
    const { fair } = walk(0, 1)
    assert.isUndefined(leadLag({ times: [100 * minute, 200 * minute], prices: [1, 1.01] }, fair, shifts))
    assert.isUndefined(leadLag({ times: fair.times, prices: fair.times.map(() => 1) }, fair, shifts))
  })
})
