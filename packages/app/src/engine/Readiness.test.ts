import { assert, describe, it } from "@effect/vitest"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Fiber, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { knownCoins } from "@evenkeel/domain/coin/Coin"
import { makeDatabaseLook, makeLatenessLook, priceVerdict } from "./Readiness.ts"
import { layerMemoryDatabase } from "../../../store/test/support/MemoryDatabase.ts"

const coins = knownCoins.slice(0, 3)

describe("readiness", () => {
  it("asks for a fresh price of every coin, and names those that have none", () => {
    assert.isTrue(priceVerdict(coins, ["normal", "critical", "watch"]).ready)
    assert.deepStrictEqual(priceVerdict(coins, ["normal", undefined, "stale"]), {
      ready: false,
      detail: `no fresh price of ${coins[1]!.symbol}, ${coins[2]!.symbol}`
    })
    const verdict = priceVerdict(coins, ["normal", undefined, "stale"], (coin) =>
      coin === coins[2]!.symbol ? "okx: not connected" : undefined
    )
    assert.strictEqual(verdict.detail, `no fresh price of ${coins[1]!.symbol}, ${coins[2]!.symbol} (okx: not connected)`)
  })

  it.effect("names the venues whose frames waited too long since the last look", () =>
    Effect.gen(function* () {
      const late = [0, 0]
      const look = makeLatenessLook(["kraken", "okx"], (venue) => late[venue]!)
      assert.isTrue((yield* look).ready)
      late[1] = 3
      assert.deepStrictEqual(yield* look, { ready: false, detail: "frames of okx waited too long; their books are stale" })
      assert.isTrue((yield* look).ready)
    })
  )

  it.live("notices a database that does not answer, without waiting for it", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const look = yield* makeDatabaseLook
      assert.isTrue((yield* look).ready)
      const busy = yield* Effect.forkChild(sql`select pg_sleep(1)`)
      // Whatever was asked before is answered; the next question stands behind the statement.
      yield* Effect.sleep("200 millis")
      const verdicts = yield* Effect.replicateEffect(look, 6)
      assert.deepStrictEqual(
        verdicts.map(({ ready }) => ready),
        [true, true, true, true, true, false]
      )
      yield* Fiber.join(busy)
      yield* Effect.sleep("10 millis").pipe(Effect.andThen(look), Effect.repeat({ until: ({ ready }) => ready }))
    }).pipe(Effect.provide(layerMemoryDatabase.pipe(Layer.provide(NodeServices.layer))))
  )
})
