/** Reads the hot path's shared memory into the forms that screens, the API and metrics show. */
import type { CoinView } from "@evenkeel/api/contract/EngineApi"
import { Instruments, type Numbered } from "@evenkeel/connectors/feed/Instruments"
import { coinState, horizonsMinutes, instrumentState, stateFields } from "@evenkeel/detection/hotpath/SignalRecord"
import type { HotPathMemory } from "@evenkeel/detection/thread/HotPathMemory"
import type { Coin } from "@evenkeel/domain/coin/Coin"
import { sourceIds } from "@evenkeel/domain/market/Venue"
import { riskLevels } from "@evenkeel/domain/risk/RiskLevel"
import { StateTable } from "@evenkeel/runtime/ring/StateTable"
import { Histogram } from "@evenkeel/runtime/telemetry/Histogram"
import { Context, Effect, Layer } from "effect"

export class EngineReadings extends Context.Service<
  EngineReadings,
  {
    readonly coins: () => ReadonlyArray<CoinView>
    /** One of the hot path's counters; see `hotCounters`. */
    readonly counter: (index: number) => number
    /** Publish to score, ns; NaN before the first frame. */
    readonly latency: (quantile: number) => number
  }
>()("@evenkeel/app/engine/EngineReadings") {
  static readonly layer = (options: {
    readonly memory: HotPathMemory
    readonly coins: ReadonlyArray<Coin>
    readonly clock: () => number
  }) =>
    Layer.effect(
      EngineReadings,
      Effect.map(Instruments, (instruments) => {
        const { clock, coins, memory } = options
        const table = new StateTable(memory.state, stateFields)
        const counters = new Uint32Array(memory.counters)
        const histogram = new Histogram(memory.latency)
        const row = new Float64Array(stateFields)
        const finite = (value: number | undefined) => (value === undefined || !Number.isFinite(value) ? null : value)

        const source = ({ instrument: { symbol, venue }, number }: Numbered): CoinView["sources"][number] => {
          const known = table.read(coins.length + number, row)
          const field = (index: number) => (known ? finite(row[index]) : null)
          const received = field(instrumentState.received)
          return {
            venue,
            symbol,
            bid: field(instrumentState.bid),
            ask: field(instrumentState.ask),
            lastPrice: field(instrumentState.lastPrice),
            ageMillis: received === null ? null : Math.max(0, clock() - received),
            book: (["none", "good", "stale"] as const)[field(instrumentState.book) ?? 0] ?? "none",
            bidLevels: field(instrumentState.bidLevels),
            askLevels: field(instrumentState.askLevels)
          }
        }
        const modelOf = (field: (at: number) => number | null): CoinView["model"] => {
          const version = field(coinState.modelVersion) ?? 0
          if (version === 0) return null
          return {
            version,
            horizons: horizonsMinutes.map((minutes, index) => ({
              minutes,
              probability: field(coinState.probabilities + index),
              low: field(coinState.intervals + 2 * index),
              high: field(coinState.intervals + 2 * index + 1)
            }))
          }
        }
        return EngineReadings.of({
          coins: () =>
            coins.map(({ peg, symbol }, index): CoinView => {
              const known = table.read(index, row)
              const field = (at: number) => (known ? finite(row[at]) : null)
              const venues = (bits: number | null) => sourceIds.filter((_, venue) => ((bits ?? 0) & (1 << venue)) !== 0)
              return {
                coin: symbol,
                peg,
                fairValue: field(coinState.fairValue),
                errorBps: field(coinState.errorBps),
                deviationBps: field(coinState.deviationBps),
                level: riskLevels[field(coinState.level) ?? 0] ?? "normal",
                since: field(coinState.since),
                grounded: field(coinState.grounded) === 1,
                venues: { agree: venues(field(coinState.agree)), differ: venues(field(coinState.differ)) },
                model: modelOf(field),
                sources: instruments
                  .list()
                  .flatMap((numbered) =>
                    numbered.instrument.base === symbol || numbered.instrument.quote === symbol ? [source(numbered)] : []
                  )
              }
            }),
          counter: (index) => counters[index] ?? 0,
          latency: (quantile) => histogram.quantile(quantile)
        })
      })
    )
}
