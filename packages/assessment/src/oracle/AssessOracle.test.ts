import { assert, describe, it } from "@effect/vitest"
import { assessOracle, type MarketValue, type OracleQuestion } from "./AssessOracle.ts"
import type { OracleTerms } from "./Round.ts"
import { ValueHistory } from "./ValueHistory.ts"

const now = 1_700_000_000_000
const minute = 60_000
const terms: OracleTerms = { feed: "usdc", coin: "USDC", heartbeatSeconds: 3600, deviationBps: 25 }
const valueOf = (value: number, over: Partial<MarketValue> = {}): MarketValue => ({
  time: now - 1000,
  value,
  errorBps: 2,
  grounded: true,
  agree: ["kraken", "binance"],
  differ: [],
  ...over
})

/** The value was 1 until ten minutes ago, and `value` since. */
const assess = (price: number, value: MarketValue | undefined, over: Partial<OracleQuestion> = {}) => {
  const history = new ValueHistory()
  for (let back = 60; back >= 0; back--) history.add(now - back * minute, back >= 10 ? 1 : (value?.value ?? 1))
  return assessOracle({ terms, round: { id: undefined, price, updatedAt: now - minute }, value, history, now, ...over })
}
const codes = ({ reasons }: ReturnType<typeof assess>) => reasons.map(({ code }) => code)

describe("assessOracle", () => {
  it("calls a feed safe that stands where the market does, or as near as it promised", () => {
    for (const price of [1, 1.0006, 0.9977, 1.0024]) {
      const found = assess(price, valueOf(1))
      assert.strictEqual(found.verdict, "safe")
      assert.deepStrictEqual(found.reasons, [])
    }
  })

  it("says nothing of a gap within three errors of the fair value, and does not know who is right of one whose value one venue alone gives", () => {
    const within = assess(1.003, valueOf(1, { errorBps: 11 }))
    assert.strictEqual(within.verdict, "safe")
    assert.strictEqual(within.believed, "agree")
    assert.strictEqual(within.lagMillis, 0)
    const beyond = assess(1.003, valueOf(1, { errorBps: 9 }))
    assert.strictEqual(beyond.verdict, "caution")
    assert.strictEqual(beyond.believed, "market")
    assert.strictEqual(assess(1.003, valueOf(1, { agree: ["kraken"] })).believed, "unknown")
  })

  it("is cautious beyond the feed's threshold and calls unsafe what the engine calls a break, on either side", () => {
    const above = assess(1, valueOf(0.9965))
    assert.deepStrictEqual([above.verdict, above.reasons[0]?.code], ["caution", "gap"])
    assert.include(above.reasons[0]?.words, "too late")
    const below = assess(1, valueOf(1.0051))
    assert.deepStrictEqual([below.verdict, below.reasons[0]?.code], ["unsafe", "gap"])
    assert.include(below.reasons[0]?.words, "sound accounts")
    assert.strictEqual(assess(1, valueOf(0.9965), { terms: { ...terms, unsafeGapBps: 30 } }).verdict, "unsafe")
    assert.strictEqual(assess(1, valueOf(0.993), { terms: { ...terms, deviationBps: 50 } }).verdict, "caution")
  })

  it("tells how long ago the market stood where the feed stands", () => {
    const behind = assess(1, valueOf(0.99))
    assert.strictEqual(behind.lagMillis, 10 * minute)
    assert.isFalse(behind.lagIsBound)
    const never = assess(0.9, valueOf(0.99))
    assert.strictEqual(never.lagMillis, 60 * minute)
    assert.isTrue(never.lagIsBound)
  })

  it("calls a feed unsafe whose round is older than its heartbeat and a tenth, whatever the gap", () => {
    const aged = (seconds: number) => assess(1, valueOf(1), { round: { id: "1", price: 1, updatedAt: now - seconds * 1000 } })
    assert.strictEqual(aged(3960).verdict, "safe")
    assert.deepStrictEqual(codes(aged(3961)), ["stale"])
    assert.strictEqual(aged(3961).verdict, "unsafe")
  })

  it("is cautious where there is nothing to judge by, and says what is missing", () => {
    for (const value of [undefined, valueOf(1, { time: now - 16 * minute }), valueOf(1, { errorBps: Number.POSITIVE_INFINITY })]) {
      const found = assess(1, value)
      assert.deepStrictEqual([found.verdict, codes(found)], ["caution", ["noFairValue"]])
      assert.isNull(found.gapBps)
      assert.isNull(found.lagMillis)
    }
    assert.deepStrictEqual(codes(assess(1, valueOf(1, { grounded: false }))), ["fairValueUncertain"])
    assert.deepStrictEqual(codes(assess(1, valueOf(1, { errorBps: 17 }))), ["fairValueUncertain"])
  })

  it("calls a feed unsafe that never answered, and cautious one whose last answer alone is known", () => {
    const never = assess(1, valueOf(1), { round: undefined, unread: "no endpoint" })
    assert.deepStrictEqual([never.verdict, codes(never)], ["unsafe", ["noAnswer"]])
    assert.include(never.reasons[0]?.words, "no endpoint")
    assert.deepStrictEqual(codes(assess(1, valueOf(1), { unread: "no endpoint" })), ["notRead"])
  })

  it("gives the gravest reason first, and all of them", () => {
    const found = assess(1, valueOf(0.9965), { unread: "gone", round: { id: "1", price: 1, updatedAt: now - 4_000_000 } })
    assert.deepStrictEqual(codes(found), ["stale", "notRead", "gap"])
    assert.strictEqual(found.verdict, "unsafe")
  })

  it("has no gap for an answer that is no price", () => {
    const zero = assess(0, valueOf(1))
    assert.isNull(zero.gapBps)
    assert.strictEqual(zero.verdict, "unsafe")
    const { gapBps, noiseBps } = assess(1, valueOf(0.99))
    assert.closeTo(gapBps!, 101.01, 0.01)
    assert.strictEqual(noiseBps, 6)
  })
})
