/**
 * The hot path's latest state of coins and instruments, read out of the state table into plain values. What is not known is null.
 */
import type { Coin } from "@evenkeel/domain/coin/Coin"
import { staleReasons } from "@evenkeel/domain/market/MarketRecord"
import { changeKinds, type ChangeKind, type RiskLevel, riskLevels } from "@evenkeel/domain/risk/RiskLevel"
import { StateTable } from "@evenkeel/runtime/ring/StateTable"
import { coinState, horizonsMinutes, instrumentState, stateFields } from "../hotpath/SignalRecord.ts"

export interface CoinState {
  readonly coin: string
  /** When it was last brought up to date, Unix ms. */
  readonly time: number | null
  readonly fairValue: number | null
  readonly errorBps: number | null
  readonly deviationBps: number | null
  readonly level: RiskLevel
  readonly change: ChangeKind
  /** Since when the level is what it is, Unix ms. */
  readonly since: number | null
  readonly grounded: boolean
  /** Share of belief in this reading of a pair that is seen alone, 0 to 1; null where the split between its coins is known. */
  readonly share: number | null
  readonly venues: { readonly agree: ReadonlyArray<string>; readonly differ: ReadonlyArray<string> }
  /** What the detectors see, in their own units; see `domain/risk/RiskLevel` for what each means. */
  readonly detectors: {
    /** The usual deviation of the trailing window, bps. */
    readonly baselineBps: number | null
    /** The deviation from it in standard deviations. */
    readonly score: number | null
    readonly cusum: number | null
    /** Probability that the deviation's mean has changed. */
    readonly changepoint: number | null
  }
  /** Of the model that serves; null where none does. */
  readonly model: {
    readonly version: number
    readonly horizons: ReadonlyArray<{
      readonly minutes: number
      readonly probability: number | null
      readonly low: number | null
      readonly high: number | null
    }>
  } | null
}

export interface InstrumentState {
  /** The instrument's number. */
  readonly instrument: number
  readonly received: number | null
  readonly venueTime: number | null
  readonly bid: number | null
  readonly bidQuantity: number | null
  readonly ask: number | null
  readonly askQuantity: number | null
  readonly lastPrice: number | null
  readonly book: "none" | "good" | "stale"
  readonly bidLevels: number | null
  readonly askLevels: number | null
  /** Why the book is stale; null when it is not. */
  readonly staleReason: string | null
  /** The last price's distance from the fair values, as they were solved last, and the standard error that it counts with. */
  readonly residualBps: number | null
  readonly errorBps: number | null
  /** The base coin by this instrument's price alone: deviation from the peg, and the level of those who trade it there. */
  readonly ownDeviationBps: number | null
  readonly ownLevel: RiskLevel
  /** Of an on-chain pool; null for any other source. */
  readonly pool: {
    readonly imbalance: number | null
    readonly sellDepth: number | null
    readonly buyDepth: number | null
    readonly averagePrice: number | null
  } | null
  /** Of a token whose supply is watched, with what was minted and burned since the reading before; null for any other source. */
  readonly supply: { readonly total: number; readonly minted: number | null; readonly burned: number | null } | null
}

const books = ["none", "good", "stale"] as const

export class States {
  readonly #coins: ReadonlyArray<Coin>
  readonly #venues: ReadonlyArray<string>
  readonly #table: StateTable
  readonly #row = new Float64Array(stateFields)

  /** `venues` by their bit in a coin's `agree` and `differ`. */
  constructor(buffer: SharedArrayBuffer, coins: ReadonlyArray<Coin>, venues: ReadonlyArray<string>) {
    this.#coins = coins
    this.#venues = venues
    this.#table = new StateTable(buffer, stateFields)
  }

  /** Undefined before the first score. */
  coin(index: number): CoinState | undefined {
    const coin = this.#coins[index]
    if (coin === undefined || !this.#table.read(index, this.#row)) return undefined
    const version = this.#field(coinState.modelVersion) ?? 0
    return {
      coin: coin.symbol,
      time: this.#field(coinState.time),
      fairValue: this.#field(coinState.fairValue),
      errorBps: this.#field(coinState.errorBps),
      deviationBps: this.#field(coinState.deviationBps),
      level: riskLevels[this.#row[coinState.level]!] ?? "normal",
      change: changeKinds[this.#row[coinState.change]!] ?? "recovery",
      since: this.#field(coinState.since),
      grounded: this.#row[coinState.grounded] === 1,
      share: this.#field(coinState.share),
      venues: { agree: this.#named(coinState.agree), differ: this.#named(coinState.differ) },
      detectors: {
        baselineBps: this.#field(coinState.baselineBps),
        score: this.#field(coinState.score),
        cusum: this.#field(coinState.cusum),
        changepoint: this.#field(coinState.changepoint)
      },
      model:
        version === 0
          ? null
          : {
              version,
              horizons: horizonsMinutes.map((minutes, index) => ({
                minutes,
                probability: this.#field(coinState.probabilities + index),
                low: this.#field(coinState.intervals + 2 * index),
                high: this.#field(coinState.intervals + 2 * index + 1)
              }))
            }
    }
  }

  /** Undefined before the first frame. */
  instrument(number: number): InstrumentState | undefined {
    if (!this.#table.read(this.#coins.length + number, this.#row)) return undefined
    const book = books[this.#row[instrumentState.book]!] ?? "none"
    const sellDepth = this.#field(instrumentState.sellDepth)
    const supply = this.#field(instrumentState.supply)
    return {
      instrument: number,
      received: this.#field(instrumentState.received),
      venueTime: this.#field(instrumentState.venueTime),
      bid: this.#field(instrumentState.bid),
      bidQuantity: this.#field(instrumentState.bidQuantity),
      ask: this.#field(instrumentState.ask),
      askQuantity: this.#field(instrumentState.askQuantity),
      lastPrice: this.#field(instrumentState.lastPrice),
      book,
      staleReason: book === "stale" ? (staleReasons[this.#row[instrumentState.staleReason]!] ?? null) : null,
      bidLevels: this.#field(instrumentState.bidLevels),
      askLevels: this.#field(instrumentState.askLevels),
      residualBps: this.#field(instrumentState.residualBps),
      errorBps: this.#field(instrumentState.errorBps),
      ownDeviationBps: this.#field(instrumentState.ownDeviationBps),
      ownLevel: riskLevels[this.#row[instrumentState.ownLevel]!] ?? "normal",
      pool:
        sellDepth === null
          ? null
          : {
              imbalance: this.#field(instrumentState.imbalance),
              sellDepth,
              buyDepth: this.#field(instrumentState.buyDepth),
              averagePrice: this.#field(instrumentState.averagePrice)
            },
      supply:
        supply === null ? null : { total: supply, minted: this.#field(instrumentState.minted), burned: this.#field(instrumentState.burned) }
    }
  }

  #field(at: number): number | null {
    const value = this.#row[at]!
    return Number.isFinite(value) ? value : null
  }

  #named(at: number): ReadonlyArray<string> {
    const bits = this.#row[at]!
    return this.#venues.filter((_, venue) => ((bits >>> venue) & 1) === 1)
  }
}
