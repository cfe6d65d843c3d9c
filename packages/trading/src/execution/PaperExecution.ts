/**
 * Fills orders on paper against the book as it stands: what a taker would have paid, level by level, and no more than is there.
 *
 * Prices and quantities leave the book as doubles and become exact decimals here, before any money is counted.
 */
import { plainDecimal } from "@evenkeel/domain/decimal/PlainDecimal"
import type { LevelReader } from "@evenkeel/domain/market/MarketRecord"
import { BigDecimal, Result, Schema } from "effect"
import type { Fill } from "../position/Position.ts"

export interface TakerOrder {
  readonly side: "buy" | "sell"
  readonly quantity: BigDecimal.BigDecimal
  /** Worst price that is still taken; any when undefined. */
  readonly limit: BigDecimal.BigDecimal | undefined
}

/** The order was not filled at all. */
export class OrderUnfilled extends Schema.TaggedError<OrderUnfilled>()("OrderUnfilled", {
  reason: Schema.Literals(["empty-book", "beyond-limit", "no-quantity"])
}) {}

/** The fills of an order that takes at once and leaves nothing behind. `feeRate` is a share of the value (0.001 is 10 bps). */
export const takeFromBook = (
  book: LevelReader,
  order: TakerOrder,
  feeRate: BigDecimal.BigDecimal
): Result.Result<ReadonlyArray<Fill>, OrderUnfilled> => {
  if (BigDecimal.sign(order.quantity) <= 0) return Result.fail(new OrderUnfilled({ reason: "no-quantity" }))
  const side = order.side === "buy" ? 1 : 0
  if (book.count(side) === 0) return Result.fail(new OrderUnfilled({ reason: "empty-book" }))
  const fills: Array<Fill> = []
  let left = order.quantity
  for (let depth = 0; depth < book.count(side) && BigDecimal.sign(left) > 0; depth++) {
    const price = BigDecimal.fromStringUnsafe(plainDecimal(book.price(side, depth)))
    const worse =
      order.limit !== undefined &&
      (order.side === "buy" ? BigDecimal.isGreaterThan(price, order.limit) : BigDecimal.isLessThan(price, order.limit))
    if (worse) break
    const resting = BigDecimal.fromStringUnsafe(plainDecimal(book.quantity(side, depth)))
    const quantity = BigDecimal.min(left, resting)
    fills.push({ side: order.side, quantity, price, fee: BigDecimal.multiply(BigDecimal.multiply(quantity, price), feeRate) })
    left = BigDecimal.subtract(left, quantity)
  }
  return fills.length === 0 ? Result.fail(new OrderUnfilled({ reason: "beyond-limit" })) : Result.succeed(fills)
}
