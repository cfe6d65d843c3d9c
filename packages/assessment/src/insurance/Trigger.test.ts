import { assert, describe, it } from "@effect/vitest"
import { minute, readingOf, startsAt, termsOf } from "../../test/support/Covers.ts"
import { Trigger } from "./Trigger.ts"

const play = (terms: ReturnType<typeof termsOf>, readings: ReadonlyArray<ReturnType<typeof readingOf>>) => {
  const trigger = new Trigger(terms)
  readings.forEach((reading, index) => trigger.add(reading, index + 1))
  return trigger
}
/** A reading a minute, `null` where there is none. */
const prices = (...values: ReadonlyArray<number | null>) =>
  values.flatMap((price, index) => (price === null ? [] : [readingOf(index + 1, price)]))

describe("a continuous trigger", () => {
  it("is met at the end of the minute that completes the time, and names where its evidence begins and ends", () => {
    const { verdict } = play(termsOf(), prices(1, 0.94, 0.94, 0.94, 0.94, 0.93, 0.5))
    assert.deepInclude(verdict, { state: "met", minutes: 5, gapMinutes: 0, firstFact: 2, lastFact: 6 })
    assert.strictEqual(verdict.since, startsAt + minute)
    assert.strictEqual(verdict.metAt, startsAt + 6 * minute)
    assert.strictEqual(verdict.lossBps, 700, "what comes later changes nothing")
  })

  it("begins anew when the value is back at the mark", () => {
    const { runs, verdict } = play(termsOf(), prices(0.94, 0.94, 0.94, 0.94, 0.95, 0.94))
    assert.deepInclude(verdict, { state: "accruing", minutes: 1, longestMinutes: 4 })
    assert.deepStrictEqual(runs, [{ since: startsAt, until: startsAt + 4 * minute, minutes: 4, ended: "recovered" }])
  })

  it("counts minutes above the mark until the recovery, where the terms name one, but begins below the mark alone", () => {
    const terms = termsOf({ recoveryPrice: 0.99 })
    assert.strictEqual(play(terms, prices(0.96, 0.96)).verdict.state, "idle")
    assert.strictEqual(play(terms, prices(0.94, 0.96, 0.98, 0.96, 0.96)).verdict.state, "met")
    assert.strictEqual(play(terms, prices(0.94, 0.96, 0.99, 0.96, 0.96)).verdict.state, "idle")
  })

  it("never counts a minute without a reading, and tells it", () => {
    const trigger = play(termsOf(), prices(0.94, 0.94, null, null, 0.94, 0.94))
    assert.deepInclude(trigger.verdict, { state: "accruing", minutes: 4, gapMinutes: 2 })
    assert.deepStrictEqual(trigger.gaps, [{ from: startsAt + 2 * minute, to: startsAt + 4 * minute, why: "no reading" }])
    assert.strictEqual(play(termsOf(), prices(0.94, 0.94, null, null, 0.94, 0.94, 0.94)).verdict.metAt, startsAt + 7 * minute)
  })

  it("begins anew after a gap that is too long", () => {
    const { runs, verdict } = play(termsOf(), prices(0.94, 0.94, 0.94, 0.94, null, null, null, 0.94))
    assert.deepInclude(verdict, { state: "accruing", minutes: 1, gapMinutes: 0 })
    assert.deepStrictEqual(runs, [{ since: startsAt, until: startsAt + 7 * minute, minutes: 4, ended: "no reading" }])
  })

  it("does not count readings of a stale or an ungrounded coin, of too few sources, or of too large an error", () => {
    const terms = termsOf({ errorBpsMax: 10 })
    for (const [over, why] of [
      [{ level: "stale" }, "stale"],
      [{ grounded: false }, "ungrounded"],
      [{ agree: 1 }, "too few sources"],
      [{ errorBps: 11 }, "too uncertain"]
    ] as const) {
      const trigger = play(terms, [readingOf(1, 0.94), readingOf(2, 0.94, over), readingOf(3, 0.94)])
      assert.deepInclude(trigger.verdict, { minutes: 2, gapMinutes: 1 }, why)
      assert.deepStrictEqual(
        trigger.gaps.map((gap) => gap.why),
        [why]
      )
    }
  })

  it("counts minutes within the cover's period alone", () => {
    const terms = termsOf({ from: "2030-01-07T00:01:00Z", until: "2030-01-07T00:05:00Z" })
    const { verdict } = play(terms, prices(0.94, 0.94, 0.94, 0.94, 0.94, 0.94, 0.94))
    assert.deepInclude(verdict, { state: "accruing", minutes: 4, since: startsAt + minute })
  })

  it("takes no reading twice and none that comes late", () => {
    const first = readingOf(1, 0.94)
    const { verdict } = play(termsOf(), [first, readingOf(2, 0.94), first, readingOf(2, 0.94), readingOf(1, 1)])
    assert.deepInclude(verdict, { state: "accruing", minutes: 2 })
  })

  it("pays the loss at the trigger less the deductible, up to the limit", () => {
    const five = prices(0.9, 0.9, 0.9, 0.9, 0.9)
    assert.strictEqual(play(termsOf({ deductibleBps: 250 }), five).verdict.payableBps, 750)
    assert.strictEqual(play(termsOf({ deductibleBps: 250, limitBps: 500 }), five).verdict.payableBps, 500)
    assert.strictEqual(play(termsOf({ deductibleBps: 2500 }), five).verdict.payableBps, 0)
  })

  it("goes by the median of the named venues' own values", () => {
    const terms = termsOf({ sources: ["kraken", "binance", "okx"], minSources: 2 })
    const own = (...values: ReadonlyArray<number>) => ({
      own: values.map((deviationBps, index) => ({ venue: ["kraken", "binance", "okx", "gemini"][index]!, deviationBps }))
    })
    const at = (over: object) => play(terms, [readingOf(1, 1, over)]).verdict.state
    assert.strictEqual(at(own(-600, -550, 0)), "accruing")
    assert.strictEqual(at(own(-600, -10, 0)), "idle")
    assert.strictEqual(at(own(-600)), "idle", "one is too few")
  })

  it("takes a mark in basis points", () => {
    const terms = termsOf({ price: undefined, bps: 100, minutes: 1 })
    assert.strictEqual(play(terms, [readingOf(1, 1, { deviationBps: -100 })]).verdict.state, "idle")
    assert.strictEqual(play(terms, [readingOf(1, 1, { deviationBps: -100.1 })]).verdict.state, "met")
  })
})

describe("an average", () => {
  const terms = termsOf({ condition: "average", minutes: 4 })

  it("is met once the mean of its window is below the mark", () => {
    const { verdict } = play(terms, prices(1, 1, 1, 0.9, 0.92, 0.94))
    assert.deepInclude(verdict, { state: "met", metAt: startsAt + 6 * minute, averageBps: -600 })
  })

  it("takes a minute without a reading as one at the peg", () => {
    assert.strictEqual(play(terms, prices(0.9, null, 0.9)).verdict.averageBps, -500)
    assert.strictEqual(play(terms, prices(0.9, null, 0.9)).verdict.state, "accruing", "exactly at the mark")
    assert.strictEqual(play(terms, prices(0.9, null, 0.89)).verdict.state, "met")
    assert.strictEqual(play(terms, prices(0.9, null, null, null, null, 0.9)).verdict.averageBps, -250, "what is past has left the window")
  })
})

it("gives the same answer however the readings are cut", () => {
  const readings = prices(...Array.from({ length: 60 }, (_, index) => (index % 7 === 0 ? null : 0.9 + ((index * 37) % 11) / 100)))
  const whole = play(termsOf(), readings)
  const again = new Trigger(termsOf())
  for (const reading of readings.flatMap((each) => [each, each])) again.add(reading)
  assert.deepStrictEqual({ ...again.verdict, firstFact: 0, lastFact: 0 }, { ...whole.verdict, firstFact: 0, lastFact: 0 })
})
