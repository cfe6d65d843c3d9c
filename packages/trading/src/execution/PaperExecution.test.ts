import { assert, describe, it } from "@effect/vitest"
import type { LevelReader } from "@evenkeel/domain/market/MarketRecord"
import { BigDecimal, Result } from "effect"
import { takeFromBook } from "./PaperExecution.ts"

const levels = [
  [
    [0.9998, 100],
    [0.9997, 200]
  ],
  [
    [1.0001, 50],
    [1.0002, 70]
  ]
] as const
const book: LevelReader = {
  count: (side) => levels[side].length,
  price: (side, depth) => levels[side][depth]?.[0] ?? Number.NaN,
  quantity: (side, depth) => levels[side][depth]?.[1] ?? Number.NaN
}
const decimal = BigDecimal.fromStringUnsafe
const rate = decimal("0.001")
const take = (side: "buy" | "sell", quantity: string, limit?: string) =>
  takeFromBook(book, { side, quantity: decimal(quantity), limit: limit === undefined ? undefined : decimal(limit) }, rate).pipe(
    Result.map((fills) =>
      fills.map((fill) => `${BigDecimal.format(fill.quantity)} at ${BigDecimal.format(fill.price)} fee ${BigDecimal.format(fill.fee)}`)
    ),
    Result.mapError(({ reason }) => reason)
  )

describe("PaperExecution", () => {
  it("walks the book level by level and takes no more than is there", () => {
    assert.deepStrictEqual(take("buy", "60"), Result.succeed(["50 at 1.0001 fee 0.050005", "10 at 1.0002 fee 0.010002"]))
    assert.deepStrictEqual(take("sell", "1000"), Result.succeed(["100 at 0.9998 fee 0.09998", "200 at 0.9997 fee 0.19994"]))
  })

  it("stops at its limit, and says why nothing was filled", () => {
    assert.deepStrictEqual(take("buy", "60", "1.0001"), Result.succeed(["50 at 1.0001 fee 0.050005"]))
    assert.deepStrictEqual(take("buy", "60", "0.99"), Result.fail("beyond-limit" as const))
    assert.deepStrictEqual(take("buy", "0"), Result.fail("no-quantity" as const))
    const empty: LevelReader = { ...book, count: () => 0 }
    const order = { side: "buy" as const, quantity: decimal("1"), limit: undefined }
    assert.isTrue(Result.isFailure(takeFromBook(empty, order, rate)))
  })
})
