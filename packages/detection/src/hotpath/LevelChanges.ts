/**
 * Reads a level change out of its signal record: the fact, in numbers alone.
 */
import type { Coin } from "@evenkeel/domain/coin/Coin"
import { changeKinds, type Driver, type Evidence, type LevelChange, riskLevels, type VenueValue } from "@evenkeel/domain/risk/RiskLevel"
import { riskThresholds } from "../risk/RiskMachine.ts"
import { crossingVenue, horizonsMinutes, signalFields, signalIntegers, signalOffsets } from "./SignalRecord.ts"

/** The record at byte `offset`; `venues` by their bit in `agree` and `differ`, `bridges` by number. */
export const readLevelChange = (
  float64: Float64Array,
  int32: Int32Array,
  offset: number,
  coins: ReadonlyArray<Coin>,
  venues: ReadonlyArray<string>,
  bridges: ReadonlyArray<string> = []
): LevelChange => {
  const field = (index: number) => float64[(offset >> 3) + index]!
  const integer = (index: number) => int32[(offset >> 2) + index]!
  const named = (bits: number) => venues.filter((_, venue) => ((bits >>> venue) & 1) === 1)
  const evidence: Evidence = {
    baselineBps: finite(field(signalFields.baselineBps)),
    beyond: beyondOf(field(signalFields.breakBars), field(signalFields.stressBars)),
    fast: integer(signalIntegers.fast) > 0 ? { venues: integer(signalIntegers.fast) } : null,
    flow:
      !Number.isFinite(field(signalFields.surge)) || !Number.isFinite(field(signalFields.flow))
        ? null
        : { score: field(signalFields.flow), surge: field(signalFields.surge) },
    carrier: coins[integer(signalIntegers.reason) - 1]?.symbol ?? null,
    grounded: field(signalFields.grounded) === 1,
    share: finite(field(signalFields.share)),
    model: modelOf(field),
    drivers: driversOf({
      deviationBps: field(signalFields.deviationBps),
      score: field(signalFields.score),
      cusum: field(signalFields.cusum),
      changepoint: field(signalFields.changepoint),
      flow: field(signalFields.flow)
    })
  }
  const coin = coins[integer(signalIntegers.coin)]!
  const own = ownOf(float64, int32, offset, coin, venues, bridges)
  const crossings = (differing: boolean) =>
    own.flatMap(({ differs, value }) => (value.pairs !== undefined && differs === differing ? [value.venue] : []))
  return {
    time: field(signalFields.time),
    coin: coin.symbol,
    level: riskLevels[integer(signalIntegers.level)]!,
    previous: riskLevels[integer(signalIntegers.previous)]!,
    kind: changeKinds[integer(signalIntegers.change)]!,
    fairValue: field(signalFields.fairValue),
    errorBps: field(signalFields.errorBps),
    deviationBps: field(signalFields.deviationBps),
    venues: {
      agree: [...named(field(signalFields.agree)), ...crossings(false)],
      differ: [...named(field(signalFields.differ)), ...crossings(true)],
      own: own.map(({ value }) => value)
    },
    evidence
  }
}

/** Each venue's own value, and whether it differs from the fair value; of a crossing with the pairs that make it. */
const ownOf = (
  float64: Float64Array,
  int32: Int32Array,
  offset: number,
  { peg, symbol }: Coin,
  venues: ReadonlyArray<string>,
  bridges: ReadonlyArray<string>
): ReadonlyArray<{ readonly value: VenueValue; readonly differs: boolean }> =>
  Array.from({ length: int32[(offset + signalOffsets.venueCount) >> 2]! }, (_, place) => {
    const packed = int32[((offset + signalOffsets.venues) >> 2) + place]!
    const number = packed & 0xff
    const said = {
      deviationBps: float64[((offset + signalOffsets.venueDeviations) >> 3) + place]!,
      level: riskLevels[(packed >> 8) & 0xff]!
    }
    const bridge = bridges[number - crossingVenue]
    const value: VenueValue =
      bridge === undefined
        ? { venue: venues[number]!, ...said }
        : { venue: `${bridge} crossing`, ...said, pairs: [`${bridge}/${peg}`, `${bridge}/${symbol}`] }
    return { value, differs: packed >> 16 === 1 }
  })

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)

const beyondOf = (breakBars: number, stressBars: number): Evidence["beyond"] =>
  breakBars > 0
    ? { bars: breakBars, bps: riskThresholds.breakBps }
    : stressBars > 0
      ? { bars: stressBars, bps: riskThresholds.stressBps }
      : null

const modelOf = (field: (index: number) => number): Evidence["model"] => {
  const version = field(signalFields.modelVersion)
  if (!(version > 0)) return null
  const horizons = horizonsMinutes.flatMap((minutes, horizon) => {
    const probability = field(signalFields.probabilities + horizon)
    return Number.isFinite(probability) ? [{ minutes, probability }] : []
  })
  return { version, horizons }
}

/** A score counts for at most this much: far beyond it, more says nothing more. */
const scoreMax = 25

/** Each detector's evidence as a multiple of what it takes to raise `watch`, and its share of the sum. */
const driversOf = (seen: {
  readonly deviationBps: number
  readonly score: number
  readonly cusum: number
  readonly changepoint: number
  readonly flow: number
}): ReadonlyArray<Driver> => {
  const { inferredScore, stressBps, watchChangepoint, watchCusum, watchScore } = riskThresholds
  const strengths = [
    { name: "deviation_bps", value: seen.deviationBps, strength: Math.abs(seen.deviationBps) / stressBps },
    { name: "score", value: seen.score, strength: Math.min(scoreMax, Math.abs(seen.score)) / watchScore },
    { name: "cusum", value: seen.cusum, strength: Math.abs(seen.cusum) / watchCusum },
    { name: "changepoint", value: seen.changepoint, strength: seen.changepoint / watchChangepoint },
    { name: "flow", value: seen.flow, strength: Math.abs(seen.flow) / inferredScore }
  ].filter(({ value }) => Number.isFinite(value))
  const total = strengths.reduce((sum, { strength }) => sum + strength, 0)
  return strengths
    .sort((a, b) => b.strength - a.strength)
    .map(({ name, strength, value }) => ({ name, value: rounded(value), share: total > 0 ? rounded(strength / total) : 0 }))
}

/** Numbers so large that this would overflow are whole already. */
const rounded = (value: number): number => (Math.abs(value) < 1e300 ? Math.round(value * 1e4) / 1e4 : value)
