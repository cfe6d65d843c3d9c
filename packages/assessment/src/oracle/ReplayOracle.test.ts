import { assert, describe, it } from "@effect/vitest"
import { afterMinutes, madePrices, minute } from "../../test/support/MadePrices.ts"
import type { OracleAssessment } from "./OracleAssessment.ts"
import { isPriced, replayOracle } from "./ReplayOracle.ts"
import type { OracleTerms, Round } from "./Round.ts"

const terms: OracleTerms = { feed: "made", coin: "USDC", heartbeatSeconds: 3600, deviationBps: 25 }
/** USDC loses 1% over a hundred minutes, from minute 200 on. */
const falling = (at: number) => 1 - Math.min(100, Math.max(0, at - 200)) * 1e-4
const roundsOf = (minutes: ReadonlyArray<number>, price: (at: number) => number): ReadonlyArray<Round> =>
  minutes.map((at) => ({ id: undefined, price: price(at), updatedAt: afterMinutes(at) }))

describe("replayOracle", () => {
  it("finds by how much a feed is behind that repeats what the market said half an hour before", () => {
    const every = Array.from({ length: 120 }, (_, n) => 10 + n * 3)
    const seen: Array<OracleAssessment> = []
    const found = replayOracle({
      terms,
      rounds: roundsOf(every, (at) => falling(at - 30)),
      prices: madePrices(400, falling),
      onAssessed: (assessment) => seen.push(assessment)
    })
    assert.strictEqual(found.rounds, 120)
    assert.closeTo(found.widest!.gapBps!, 31, 4)
    assert.closeTo(found.lag!.medianMillis! / minute, 31, 3)
    assert.strictEqual(found.lag!.neverStood, 0)
    assert.closeTo(found.leadLag!.lagMillis / minute, 30, 3)
    assert.deepStrictEqual(
      found.changes.map(({ verdict }) => verdict),
      ["safe", "caution", "safe"]
    )
    // As far as the rounds go and no further.
    assert.strictEqual(seen[0]?.time, afterMinutes(10))
    assert.strictEqual(seen.at(-1)?.time, afterMinutes(367))
    const { minutes } = found
    assert.strictEqual(minutes.safe + minutes.caution + minutes.unsafe, seen.length)
  })

  it("sees a feed that froze, by its gap and then by its heartbeat", () => {
    const found = replayOracle({ terms, rounds: roundsOf([10, 190], () => 1), prices: madePrices(400, falling), to: afterMinutes(400) })
    assert.deepStrictEqual(
      found.changes.map(({ reasons, verdict }) => `${verdict} ${reasons[0]?.code ?? ""}`),
      ["safe ", "unsafe stale", "safe ", "caution gap", "unsafe gap", "unsafe stale"]
    )
    assert.closeTo(found.widest!.gapBps!, 101, 2)
    assert.isAbove(found.reasons.stale!, 60)
  })

  it("knows nothing at a minute that came after it", () => {
    const asked = (minutes: number) => {
      const seen: Array<OracleAssessment> = []
      replayOracle({
        terms,
        rounds: roundsOf([10, 100, 250], falling).filter(({ updatedAt }) => updatedAt <= afterMinutes(minutes)),
        prices: madePrices(minutes, falling),
        to: afterMinutes(240),
        onAssessed: (assessment) => seen.push(assessment)
      })
      return seen
    }
    assert.deepStrictEqual(asked(400).slice(0, 200), asked(240).slice(0, 200))
  })

  it("reads rounds that go back and are no price as they stand in the file", () => {
    const rounds: ReadonlyArray<Round> = [
      ...roundsOf([10], () => 1),
      { id: undefined, price: 0, updatedAt: afterMinutes(20) },
      ...roundsOf([15, 30], () => 1)
    ]
    const found = replayOracle({ terms, rounds, prices: madePrices(60, () => 1) })
    assert.deepStrictEqual(
      found.changes.map(({ reasons, verdict }) => `${verdict} ${reasons[0]?.code ?? ""}`),
      ["safe ", "unsafe wentBackwards", "safe "]
    )
  })

  it("has no fair value of a coin that no price speaks of", () => {
    const prices = madePrices(60, () => 1)
    assert.isFalse(isPriced(prices, "DAI"))
    const found = replayOracle({ terms: { ...terms, coin: "DAI" }, rounds: roundsOf([1, 30], () => 1), prices })
    assert.deepStrictEqual(Object.keys(found.reasons), ["noFairValue"])
    assert.isUndefined(found.widest)
  })
})
