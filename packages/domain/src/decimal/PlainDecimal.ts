/**
 * Doubles as decimal text, and exact sums of them.
 *
 * A decimal of up to 15 significant digits survives the round trip through a double. Sums are taken in `BigDecimal`, which does not round.
 */
import { BigDecimal } from "effect"

/** The shortest decimal that parses back to `value`, without an exponent: `1e-7` gives `0.0000001`. */
export const plainDecimal = (value: number): string => {
  const text = String(value)
  return text.includes("e") ? expand(text) : text
}

const expand = (text: string): string => {
  const [, sign = "", whole = "0", fraction = "", exponent = "0"] = /^(-?)(\d+)(?:\.(\d+))?e([-+]?\d+)$/.exec(text) ?? []
  const digits = whole + fraction
  const point = whole.length + Number(exponent)
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`
  return point >= digits.length
    ? sign + digits + "0".repeat(point - digits.length)
    : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`
}

/** An exact running sum; each double is taken as its `plainDecimal`. */
export class DecimalSum {
  #total = BigDecimal.fromBigInt(0n)

  add(value: number): void {
    this.#total = BigDecimal.sum(this.#total, BigDecimal.fromStringUnsafe(plainDecimal(value)))
  }

  /** The sum as decimal text, without an exponent or trailing zeros. */
  format(): string {
    const { scale, value } = BigDecimal.normalize(this.#total)
    if (scale <= 0) return String(value * 10n ** BigInt(-scale))
    const digits = String(value < 0n ? -value : value).padStart(scale + 1, "0")
    return `${value < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
  }
}
