/** An assessment as a line of text. */
import { DateTime } from "effect"
import { span } from "./AssessOracle.ts"
import type { OracleAssessment } from "./OracleAssessment.ts"

export const timeText = (time: number): string => DateTime.formatIso(DateTime.makeUnsafe(Math.round(time))).replace(/\.\d+Z$/, "Z")

export const bpsText = (value: number): string => (Math.abs(value) < 10 ? value.toFixed(1) : value.toFixed(0))

const signed = (value: number): string => `${value > 0 ? "+" : ""}${bpsText(value)}`

const lagText = ({ lagIsBound, lagMillis }: OracleAssessment): string =>
  lagMillis === null || lagMillis === 0 ? "" : lagIsBound ? `, not seen there for ${span(lagMillis)}` : `, ${span(lagMillis)} behind`

/** `unsafe  1.00019 against 0.99183 ± 8.2 bps: +84 bps, 12 m behind: stale, gap`, with the words of the gravest reason. */
export const oracleLine = (assessment: OracleAssessment): string => {
  const { errorBps, fairValue, gapBps, price, reasons, verdict } = assessment
  const said = price === null ? "no answer" : String(Number(price.toPrecision(8)))
  const against =
    fairValue === null || errorBps === null
      ? "no fair value"
      : `fair value ${fairValue.toFixed(5)} ± ${bpsText(errorBps)} bps${gapBps === null ? "" : `: ${signed(gapBps)} bps${lagText(assessment)}`}`
  const words = reasons[0] === undefined ? "" : `; ${reasons.map(({ code }) => code).join(", ")}: ${reasons[0].words}`
  return `${verdict.padEnd(7)} ${said}, ${against}${words}`
}
