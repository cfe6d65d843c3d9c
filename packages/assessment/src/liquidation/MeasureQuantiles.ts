/** Measures `ChangeQuantiles` on price files: plays each market through the hot path and looks at what every coin's fair value did next. */
import { coinState, stateFields } from "@evenkeel/detection/hotpath/SignalRecord"
import { riskLevels } from "@evenkeel/domain/risk/RiskLevel"
import { FileReplay } from "@evenkeel/replay/price/FileReplay"
import type { Market } from "@evenkeel/replay/price/Markets"
import { type ChangeSamples, horizonsMinutes, isPriced } from "./ChangeQuantiles.ts"

const minute = 60_000
/** Spans begin this far apart, or a bar where bars are longer. */
const startsEvery = 15 * minute
/** What a coin did after it had lost more than a tenth of its peg says nothing of one that has not: such starts are left out. */
const startBpsMax = 1000

interface Series {
  readonly values: Array<number>
  readonly levels: Array<number>
  readonly isNearPeg: Array<boolean>
}

/** Adds what a market shows of the coins that count; which they were. */
export const measureMarket = (market: Market, samples: ChangeSamples, counts: (symbol: string) => boolean): ReadonlyArray<string> => {
  const replay = new FileReplay(market.files, { scoreGapMillis: 0 })
  const step = Math.max(startsEvery, market.stepMillis)
  const row = new Float64Array(stateFields)
  const series = replay.options.coins.map((): Series => ({ values: [], levels: [], isNearPeg: [] }))
  const look = (time: number) => {
    series.forEach(({ isNearPeg, levels, values }, coin) => {
      const isFresh = replay.local.state.read(coin, row) && time - row[coinState.time]! <= step
      isNearPeg.push(Math.abs(row[coinState.deviationBps]!) <= startBpsMax)
      values.push(isFresh && row[coinState.fairValue]! > 0 ? row[coinState.fairValue]! : Number.NaN)
      levels.push(row[coinState.level]!)
    })
  }
  let grid = Math.ceil((replay.nextTime() ?? 0) / step) * step
  for (let time = replay.nextTime(); time !== undefined; time = replay.nextTime()) {
    for (; grid < time; grid += step) look(grid)
    replay.feed(1, () => {})
  }
  look(grid)
  series.forEach(({ isNearPeg, levels, values }, coin) => {
    const { symbol } = replay.options.coins[coin]!
    if (!counts(symbol)) return
    values.forEach((value, at) => {
      const level = riskLevels[levels[at]!]
      if (Number.isNaN(value) || !isNearPeg[at] || level === undefined || !isPriced(level)) return
      const changes = horizonsMinutes.map(
        (horizon) => ((values[at + Math.round((horizon * minute) / step)] ?? Number.NaN) / value - 1) * 1e4
      )
      samples.add(`${market.name} ${symbol}`, level, changes)
    })
  })
  return replay.options.coins.map(({ symbol }) => symbol).filter(counts)
}
