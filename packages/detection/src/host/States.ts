/**
 * The hot path's latest state of coins and instruments, read out of the state table into plain values. What is not known is null.
 */
import type { Coin } from "@evenkeel/domain/coin/Coin"
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
  readonly venues: { readonly agree: ReadonlyArray<string>; readonly differ: ReadonlyArray<string> }
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
  readonly residualBps: number | null
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
      venues: { agree: this.#named(coinState.agree), differ: this.#named(coinState.differ) },
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
    return {
      instrument: number,
      received: this.#field(instrumentState.received),
      venueTime: this.#field(instrumentState.venueTime),
      bid: this.#field(instrumentState.bid),
      bidQuantity: this.#field(instrumentState.bidQuantity),
      ask: this.#field(instrumentState.ask),
      askQuantity: this.#field(instrumentState.askQuantity),
      lastPrice: this.#field(instrumentState.lastPrice),
      book: books[this.#row[instrumentState.book]!] ?? "none",
      bidLevels: this.#field(instrumentState.bidLevels),
      askLevels: this.#field(instrumentState.askLevels),
      residualBps: this.#field(instrumentState.residualBps)
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
