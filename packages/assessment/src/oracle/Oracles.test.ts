import { assert, describe, it } from "@effect/vitest"
import { layerRuntime } from "@evenkeel/runtime/Runtime"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import type { MarketValue } from "./AssessOracle.ts"
import { Oracles } from "./Oracles.ts"
import { FeedUnread, type ReadRound } from "./ReadFeed.ts"

const start = 1_700_000_000_000
const terms = { feed: "usdc-chain", coin: "USDC", heartbeatSeconds: 3600, deviationBps: 25 }

describe("Oracles", () => {
  it.effect("reads its feeds again and again, keeps the last round of one that is gone, and gives rules its gap", () => {
    let minutes = 0
    let answer: ReadRound | undefined
    const now = () => start + minutes * 60_000
    const value = (): MarketValue => ({
      time: now(),
      value: minutes < 5 ? 1 : 0.99,
      errorBps: 1,
      grounded: true,
      agree: ["kraken", "okx"],
      differ: []
    })
    const read = Effect.suspend(() =>
      answer === undefined ? Effect.fail(new FeedUnread({ feed: terms.feed, problem: "no endpoint answers" })) : Effect.succeed(answer)
    )
    return Effect.gen(function* () {
      const oracles = yield* Oracles
      const next = Effect.gen(function* () {
        minutes++
        yield* TestClock.adjust("10 seconds")
        return (yield* oracles.assessments)[0]!
      })
      const reasons = ({ reasons }: { readonly reasons: ReadonlyArray<{ readonly code: string }> }) => reasons.map(({ code }) => code)
      assert.deepStrictEqual(reasons(yield* next), ["noAnswer"])
      answer = { round: { id: "7", price: 1, updatedAt: start }, minimumAnswer: 0.1 }
      const good = yield* next
      assert.deepStrictEqual([good.verdict, good.round], ["safe", "7"])
      answer = undefined
      const kept = yield* next
      assert.deepStrictEqual([kept.price, reasons(kept)], [1, ["notRead"]])
      assert.include(
        (yield* (yield* HealthRegistry).snapshot).find(({ component }) => component === "oracle:usdc-chain"),
        { status: "degraded" }
      )
      answer = { round: { id: "8", price: 0.1, updatedAt: start }, minimumAnswer: undefined }
      // What the contract said of its bound once holds.
      assert.include(reasons(yield* next), "atMinimumAnswer")
      answer = { round: { id: "9", price: 1, updatedAt: start } }
      const behind = yield* next
      assert.deepStrictEqual([behind.verdict, behind.believed], ["unsafe", "market"])
      assert.strictEqual(behind.lagMillis, 60_000)
      assert.deepStrictEqual([behind.feed, behind.coin, Math.round(behind.gapBps!)], ["usdc-chain", "USDC", 101])
    }).pipe(
      Effect.provide(Oracles.layer({ feeds: [{ terms, everySeconds: 10, read }], value, now }).pipe(Layer.provideMerge(layerRuntime)))
    )
  })

  it.effect("has nothing to say where no feed is configured", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* (yield* Oracles).assessments, [])
    }).pipe(Effect.provide(Oracles.layerNoop))
  )
})
