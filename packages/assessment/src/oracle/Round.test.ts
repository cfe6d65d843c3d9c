import { assert, describe, it } from "@effect/vitest"
import { faultsOf, type OracleTerms, type Round, RoundMemory } from "./Round.ts"

const now = 1_700_000_000_000
const terms: OracleTerms = { feed: "usdc", coin: "USDC", heartbeatSeconds: 86_400, deviationBps: 25, decimals: 8 }
const round = (over: Partial<Round> = {}): Round => ({ id: "18446744073709551617", price: 1, updatedAt: now - 1000, decimals: 8, ...over })
const codes = (one: Round, over: Partial<OracleTerms> = {}, before?: Round) =>
  faultsOf({ ...terms, ...over }, one, before, now).map(({ code }) => code)

describe("faultsOf", () => {
  it("finds nothing wrong with a round that is well", () => {
    assert.deepStrictEqual(codes(round(), { minimumAnswer: 0.01, maximumAnswer: 1000 }, round({ updatedAt: now - 2000 })), [])
  })

  it("refuses answers of zero, below zero, and that are no number", () => {
    for (const price of [0, -1, Number.NaN]) assert.deepStrictEqual(codes(round({ price })), ["notPositive"])
  })

  it("knows an answer at the bound of its contract, which says nothing of the market beyond it", () => {
    assert.deepStrictEqual(codes(round({ price: 0.1 }), { minimumAnswer: 0.1 }), ["atMinimumAnswer"])
    assert.deepStrictEqual(codes(round({ price: 0.1001 }), { minimumAnswer: 0.1 }), [])
    assert.deepStrictEqual(codes(round({ price: 1000 }), { maximumAnswer: 1000 }), ["atMaximumAnswer"])
  })

  it("refuses rounds without a time, from the future, and of other decimals than those who use the feed count on", () => {
    assert.deepStrictEqual(codes(round({ updatedAt: 0 })), ["incompleteRound"])
    assert.deepStrictEqual(codes(round({ updatedAt: now + 121_000 })), ["inFuture"])
    assert.deepStrictEqual(codes(round({ updatedAt: now + 119_000 })), [])
    assert.deepStrictEqual(codes(round({ decimals: 18 })), ["decimalsDiffer"])
  })

  it("refuses a round that comes before one that was read, by its number of 80 bits or by its time", () => {
    assert.deepStrictEqual(codes(round({ id: "18446744073709551616" }), {}, round()), ["wentBackwards"])
    assert.deepStrictEqual(codes(round({ updatedAt: now - 3000 }), {}, round()), ["wentBackwards"])
    assert.deepStrictEqual(codes(round(), {}, round()), [])
  })
})

describe("RoundMemory", () => {
  it("remembers the newest round behind the last one, so that a step back stays one until the feed has caught up", () => {
    const memory = new RoundMemory()
    const at = (updatedAt: number) => {
      memory.take(round({ id: undefined, updatedAt }), now)
      return codes(memory.last!, {}, memory.newest).length
    }
    assert.deepStrictEqual([10, 20, 15, 15, 18, 21].map(at), [0, 0, 1, 1, 1, 0])
  })

  it("takes no round from the future as the newest: the feed is sound again with its next round", () => {
    const memory = new RoundMemory()
    const at = (updatedAt: number, id: string) => {
      memory.take(round({ id, updatedAt }), now)
      return codes(memory.last!, {}, memory.newest)
    }
    assert.deepStrictEqual(at(now - 3000, "1"), [])
    assert.deepStrictEqual(at(now + 3_600_000, "9"), ["inFuture"])
    assert.deepStrictEqual(at(now - 2000, "2"), [])
    assert.deepStrictEqual(at(now - 2500, "1"), ["wentBackwards"], "what was sound before it is remembered")
  })
})
