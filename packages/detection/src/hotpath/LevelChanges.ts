/**
 * Reads a level change out of its signal record, in words.
 */
import type { Coin } from "@evenkeel/domain/coin/Coin"
import { chanceText } from "@evenkeel/domain/risk/Chance"
import { changeKinds, type Driver, type LevelChange, riskLevels } from "@evenkeel/domain/risk/RiskLevel"
import { riskThresholds } from "../risk/RiskMachine.ts"
import { horizonsMinutes, signalFields, signalIntegers } from "./SignalRecord.ts"

const horizonNames = horizonsMinutes.map((minutes) => (minutes < 60 ? `${minutes} m` : `${minutes / 60} h`))

export const readLevelChange = (
  float64: Float64Array,
  int32: Int32Array,
  offset: number,
  coins: ReadonlyArray<Coin>,
  venues: ReadonlyArray<string>
): LevelChange => {
  const field = (index: number) => float64[(offset >> 3) + index]!
  const integer = (index: number) => int32[(offset >> 2) + index]!
  const named = (bits: number) => venues.filter((_, venue) => (bits & (1 << venue)) !== 0)
  const kind = changeKinds[integer(signalIntegers.change)]!
  const drivers = driversOf({
    deviationBps: field(signalFields.deviationBps),
    score: field(signalFields.score),
    cusum: field(signalFields.cusum),
    changepoint: field(signalFields.changepoint),
    flow: field(signalFields.flow)
  })
  const change = {
    time: field(signalFields.time),
    coin: coins[integer(signalIntegers.coin)]!.symbol,
    level: riskLevels[integer(signalIntegers.level)]!,
    previous: riskLevels[integer(signalIntegers.previous)]!,
    kind,
    fairValue: field(signalFields.fairValue),
    errorBps: field(signalFields.errorBps),
    deviationBps: field(signalFields.deviationBps),
    venues: { agree: named(field(signalFields.agree)), differ: named(field(signalFields.differ)) },
    drivers
  }
  return {
    ...change,
    reason: reasons(change, {
      baselineBps: field(signalFields.baselineBps),
      stressBars: field(signalFields.stressBars),
      breakBars: field(signalFields.breakBars),
      carrier: coins[integer(signalIntegers.reason) - 1]?.symbol,
      surge: field(signalFields.surge),
      probabilities: horizonsMinutes.map((_, horizon) => field(signalFields.probabilities + horizon)),
      grounded: field(signalFields.grounded) === 1
    })
  }
}

/** Each detector's evidence as a multiple of what it takes to raise `watch`, and its share of the sum. */
const driversOf = (evidence: {
  readonly deviationBps: number
  readonly score: number
  readonly cusum: number
  readonly changepoint: number
  readonly flow: number
}): ReadonlyArray<Driver> => {
  const t = riskThresholds
  const strengths = [
    { name: "deviation_bps", value: evidence.deviationBps, strength: Math.abs(evidence.deviationBps) / t.stressBps },
    { name: "score", value: evidence.score, strength: Math.min(25, Math.abs(evidence.score)) / t.watchScore },
    { name: "cusum", value: evidence.cusum, strength: Math.abs(evidence.cusum) / t.watchCusum },
    { name: "changepoint", value: evidence.changepoint, strength: evidence.changepoint / t.watchChangepoint },
    { name: "flow", value: evidence.flow, strength: Math.abs(evidence.flow) / t.inferredScore }
  ].filter(({ value }) => Number.isFinite(value))
  const total = strengths.reduce((sum, { strength }) => sum + strength, 0)
  return strengths
    .sort((a, b) => b.strength - a.strength)
    .map(({ name, strength, value }) => ({ name, value: rounded(value), share: total > 0 ? rounded(strength / total) : 0 }))
}

const rounded = (value: number): number => Math.round(value * 1e4) / 1e4

const reasons = (
  change: Omit<LevelChange, "reason">,
  evidence: {
    readonly baselineBps: number
    readonly stressBars: number
    readonly breakBars: number
    /** The coin that fell before and farther. */
    readonly carrier: string | undefined
    readonly surge: number
    readonly probabilities: ReadonlyArray<number>
    readonly grounded: boolean
  }
): ReadonlyArray<string> => {
  const { baselineBps, breakBars, carrier, grounded, probabilities, stressBars, surge } = evidence
  const { coin, deviationBps, drivers, errorBps, fairValue, kind, venues } = change
  const side = deviationBps < 0 ? "below" : "above"
  const lines: Array<string> = []
  if (kind === "local") lines.push(`${venues.differ.join(", ")} stands apart while other sources of ${coin} hold`)
  if (kind === "recovery") lines.push(`${coin} is back within ${Math.abs(deviationBps).toFixed(1)} bps of its peg`)
  lines.push(
    `fair value ${fairValue.toFixed(5)} ± ${((errorBps * fairValue) / 1e4).toFixed(5)}, ${Math.abs(deviationBps).toFixed(1)} bps ${side} the peg (usually ${baselineBps.toFixed(1)})`
  )
  if (!Number.isNaN(surge)) lines.push(`sold in a hurry: takers sell as in no usual week, at ${surge.toFixed(1)} times the usual volume`)
  if (carrier !== undefined && kind === "break")
    lines.push(`${carrier} fell before it, and farther: what stands behind ${coin} may fall with it`)
  if (breakBars > 0) lines.push(`${breakBars} bar${breakBars === 1 ? "" : "s"} in a row beyond ${riskThresholds.breakBps} bps`)
  else if (stressBars > 0) lines.push(`${stressBars} bar${stressBars === 1 ? "" : "s"} in a row beyond ${riskThresholds.stressBps} bps`)
  if (probabilities.some(Number.isFinite) && kind !== "recovery") {
    lines.push(
      `the model gives a break within ${horizonNames
        .flatMap((name, horizon) => (Number.isFinite(probabilities[horizon]) ? `${name} ${chanceText(probabilities[horizon]!)}` : []))
        .join(", ")}`
    )
  }
  const [first] = drivers
  if (first !== undefined && kind !== "recovery")
    lines.push(
      `driven by ${drivers
        .slice(0, 3)
        .map(({ name, share, value }) => `${name} ${value} (${Math.round(share * 100)}%)`)
        .join(", ")}`
    )
  if (venues.agree.length > 0) lines.push(`agreeing: ${venues.agree.join(", ")}`)
  if (venues.differ.length > 0 && kind !== "local") lines.push(`differing: ${venues.differ.join(", ")}`)
  if (!grounded) lines.push("no pair reaches the peg's currency: the split between the pair's two coins is unknown")
  return lines
}
