import { assert, describe, it } from "@effect/vitest"
import { BigDecimal } from "effect"
import { applyFill, type Fill, noPosition, unrealised } from "./Position.ts"

const decimal = BigDecimal.fromStringUnsafe
const fill = (side: Fill["side"], quantity: string, price: string, fee = "0"): Fill => ({
  side,
  quantity: decimal(quantity),
  price: decimal(price),
  fee: decimal(fee)
})
const after = (...fills: ReadonlyArray<Fill>) => fills.reduce(applyFill, noPosition)
const equal = (actual: BigDecimal.BigDecimal, expected: string) =>
  assert.isTrue(BigDecimal.equals(actual, decimal(expected)), `${BigDecimal.format(actual)} is not ${expected}`)

describe("Position", () => {
  it("earns what was sold above its average cost, to the last digit", () => {
    const position = after(fill("buy", "100", "0.9"), fill("buy", "300", "0.98"), fill("sell", "200", "0.999", "0.1"))
    equal(position.quantity, "200")
    equal(position.cost, "192")
    equal(position.realised, "7.7")
    equal(unrealised(position, decimal("1")), "8")
  })

  it("turns from long to short at the price of the fill that crosses", () => {
    const position = after(fill("buy", "10", "1"), fill("sell", "25", "1.1"))
    equal(position.quantity, "-15")
    equal(position.cost, "-16.5")
    equal(position.realised, "1")
    const closed = applyFill(position, fill("buy", "15", "1.05"))
    equal(closed.quantity, "0")
    equal(closed.realised, "1.75")
  })

  it("conserves money: cash paid and received is what was earned plus what is held", () => {
    let seed = 4
    const random = (n: number) => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) % n
    let position = noPosition
    let cash = decimal("0")
    for (let n = 0; n < 500; n++) {
      const next = fill(random(2) === 0 ? "buy" : "sell", String(1 + random(1000)), `0.${9000 + random(999)}`, `0.0${random(9)}`)
      position = applyFill(position, next)
      const value = BigDecimal.multiply(next.quantity, next.price)
      cash = BigDecimal.subtract(next.side === "buy" ? BigDecimal.subtract(cash, value) : BigDecimal.sum(cash, value), next.fee)
      const balance = BigDecimal.subtract(position.realised, position.cost)
      assert.isTrue(BigDecimal.isLessThan(BigDecimal.abs(BigDecimal.subtract(balance, cash)), decimal("0.000000000001")))
    }
  })
})
