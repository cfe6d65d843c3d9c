/** What is held of an instrument, what it cost and what it has earned, in exact decimals. Average cost; fees in the quote coin. */
import { BigDecimal } from "effect"

export interface Fill {
  readonly side: "buy" | "sell"
  readonly quantity: BigDecimal.BigDecimal
  readonly price: BigDecimal.BigDecimal
  readonly fee: BigDecimal.BigDecimal
}

export interface Position {
  /** Base units, negative when short. */
  readonly quantity: BigDecimal.BigDecimal
  /** Quote units paid for what is held; negative for what was sold short. */
  readonly cost: BigDecimal.BigDecimal
  /** Quote units earned by closing, fees taken off. */
  readonly realised: BigDecimal.BigDecimal
}

const zero = BigDecimal.fromBigInt(0n)

/** Digits of a share of the cost, when a part of a position is closed. */
const shareScale = 18

export const noPosition: Position = { quantity: zero, cost: zero, realised: zero }

/** The position after a fill. A fill that crosses zero closes what was held and opens the rest at its own price. */
export const applyFill = (position: Position, fill: Fill): Position => {
  const signed = fill.side === "buy" ? fill.quantity : BigDecimal.negate(fill.quantity)
  const after = BigDecimal.sum(position.quantity, signed)
  const realised = BigDecimal.subtract(position.realised, fill.fee)
  const opens = BigDecimal.sign(position.quantity) === 0 || BigDecimal.sign(position.quantity) === BigDecimal.sign(signed)
  if (opens) return { quantity: after, cost: BigDecimal.sum(position.cost, BigDecimal.multiply(signed, fill.price)), realised }
  const crosses = BigDecimal.isGreaterThan(BigDecimal.abs(signed), BigDecimal.abs(position.quantity))
  // What is closed, with the sign of what was held.
  const closed = crosses ? position.quantity : BigDecimal.negate(signed)
  const costOfClosed = crosses
    ? position.cost
    : BigDecimal.round(BigDecimal.divideUnsafe(BigDecimal.multiply(position.cost, closed), position.quantity), { scale: shareScale })
  const earned = BigDecimal.subtract(BigDecimal.multiply(closed, fill.price), costOfClosed)
  const left = crosses ? BigDecimal.multiply(after, fill.price) : BigDecimal.subtract(position.cost, costOfClosed)
  return { quantity: after, cost: left, realised: BigDecimal.sum(realised, earned) }
}

/** Quote units that closing everything at `price` would add. */
export const unrealised = (position: Position, price: BigDecimal.BigDecimal): BigDecimal.BigDecimal =>
  BigDecimal.subtract(BigDecimal.multiply(position.quantity, price), position.cost)
