/**
 * Decimals between text, doubles and exact sums.
 *
 * A double that came from a decimal of up to 15 digits prints as that decimal again; sums of such are taken in
 * `BigDecimal`, where nothing rounds.
 */
import { BigDecimal } from "effect"

/** `1e-7` as `0.0000001`: a double's shortest text, without an exponent. */
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

/** Exact running sum of doubles that stand for decimals. */
export class DecimalSum {
  #total = BigDecimal.fromBigInt(0n)

  add(value: number): void {
    this.#total = BigDecimal.sum(this.#total, BigDecimal.fromStringUnsafe(plainDecimal(value)))
  }

  /** Without trailing zeros or exponent. */
  format(): string {
    const { scale, value } = BigDecimal.normalize(this.#total)
    if (scale <= 0) return String(value * 10n ** BigInt(-scale))
    const digits = String(value < 0n ? -value : value).padStart(scale + 1, "0")
    return `${value < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
  }
}
