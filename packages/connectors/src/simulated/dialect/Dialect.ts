/** How a simulated venue speaks: its protocol, seen from the server. One file a venue. */
import { DateTime } from "effect"
import type { MarketChanges, SimulatedInstrument } from "../Market.ts"

/** One listener's connection. */
export interface Session {
  /** What the connection asked for: `book:USDC/USD`, `trade:…`, `ticker:…`, in the dialect's own words. */
  readonly topics: Set<string>
  /** Counts the messages of this connection, for feeds that number them. */
  sequence: number
  readonly send: (message: string) => void
}

export interface DialectMarket {
  readonly instruments: ReadonlyMap<string, SimulatedInstrument>
  /** Unix ms, on the market's clock. */
  readonly now: () => number
}

export interface Dialect {
  /** A connection was opened at `path`. */
  readonly opened: (session: Session, path: string, market: DialectMarket) => void
  readonly received: (session: Session, message: string, market: DialectMarket) => void
  /** An instrument changed: tell those who listen. */
  readonly changed: (
    session: Session,
    instrument: SimulatedInstrument,
    changes: MarketChanges,
    firstSequence: number,
    market: DialectMarket
  ) => void
  /** About once a second. */
  readonly heartbeat: (session: Session, market: DialectMarket) => void
  /** Answers a GET; undefined for what the venue does not have. */
  readonly get: (url: URL, market: DialectMarket) => unknown
}

/** A whole number with the decimals that the venue prints. */
export const fixed = (value: number, decimals: number): string => value.toFixed(decimals)

/** `2023-03-10T21:20:00.000000Z`, microseconds as venues print them. */
export const iso = (time: number): string => `${DateTime.formatIso(DateTime.makeUnsafe(Math.floor(time))).slice(0, -1)}000Z`
