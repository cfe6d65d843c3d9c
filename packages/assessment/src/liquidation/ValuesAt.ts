/** What coins were worth at a moment, by recorded prices: their fair values and levels as the hot path had them then. */
import { coinState, stateFields } from "@evenkeel/detection/hotpath/SignalRecord"
import { riskLevels } from "@evenkeel/domain/risk/RiskLevel"
import { FileReplay } from "@evenkeel/replay/price/FileReplay"
import type { PriceFile } from "@evenkeel/replay/price/PriceFile"
import type { CoinValue } from "./AssessPositions.ts"

/** A value that is older than this is none, as for oracles; one bar where bars are longer. */
const valueAgeMax = 15 * 60_000

/** By coin, as of `time` (Unix ms): of what became known by then, and nothing after. */
export const valuesAt = (files: ReadonlyArray<PriceFile>, time: number): ReadonlyMap<string, CoinValue> => {
  const replay = new FileReplay(files, { scoreGapMillis: 0 })
  for (let next = replay.nextTime(); next !== undefined && next <= time; next = replay.nextTime()) replay.feed(1, () => {})
  const row = new Float64Array(stateFields)
  const ageMax = Math.max(valueAgeMax, replay.options.barMillis)
  return new Map(
    replay.options.coins.map(({ peg, symbol }, coin): [string, CoinValue] => {
      const isFresh = replay.local.state.read(coin, row) && time - row[coinState.time]! <= ageMax
      const fairValue = row[coinState.fairValue]!
      return [symbol, { peg, fairValue: isFresh && fairValue > 0 ? fairValue : null, level: riskLevels[row[coinState.level]!] ?? "stale" }]
    })
  )
}
