/** A simulated venue's protocol, seen from the server. One file a venue. */
import { DateTime } from "effect"
import { type MarketChanges, priceDecimals, type SimulatedInstrument } from "../Market.ts"

/** One listener's connection. */
export interface Session {
  /** What the connection asked for: `book:USDC/USD`, `trade:…`, `ticker:…`, in the dialect's own words. */
  readonly topics: Set<string>
  /** Counts the messages of this connection, for feeds that number them. */
  sequence: number
  /** Whatever else the venue counts on this connection. */
  readonly counters: Map<string, number>
  readonly send: (message: string | Uint8Array) => void
  /** Ends the connection. */
  readonly close: (code: number) => void
}

export interface DialectMarket {
  readonly instruments: ReadonlyMap<string, SimulatedInstrument>
  /** Unix ms, on the market's clock. */
  readonly now: () => number
  /** While true every checksum is wrong. */
  readonly badChecksums: boolean
}

export interface Dialect {
  /** Frames are binary; by default they are text. */
  readonly binary?: boolean
  /** A connection was opened at `path`. */
  readonly opened: (session: Session, path: string, market: DialectMarket) => void
  readonly received: (session: Session, message: string, market: DialectMarket) => void
  /** An instrument changed: sends what the session subscribed to. */
  readonly changed: (
    session: Session,
    instrument: SimulatedInstrument,
    changes: MarketChanges,
    firstSequence: number,
    market: DialectMarket
  ) => void
  /** About once a second. */
  readonly heartbeat: (session: Session, market: DialectMarket) => void
  /** Answers a GET or POST, with a value or JSON text; undefined for what the venue does not have. */
  readonly get: (url: URL, market: DialectMarket) => unknown
}

/** Lets every instrument of the market go on until now, and sends each listener what changed. */
export const stepMarket = (dialect: Dialect, market: DialectMarket, listeners: Iterable<Session>): void => {
  for (const instrument of market.instruments.values()) {
    const first = instrument.sequence + 1
    const changes = instrument.step(market.now())
    if (changes.trades.length > 0) instrument.tradeId++
    for (const session of listeners) dialect.changed(session, instrument, changes, first, market)
  }
}

/** The next value of a connection's counter. */
export const count = (session: Session, name: string): number => {
  const next = (session.counters.get(name) ?? 0) + 1
  session.counters.set(name, next)
  return next
}

/** Levels as most venues print them: `["1.00010","500.00"]`, and what they add `behind`. */
export const printedLevels = (
  levels: Iterable<readonly [price: number, quantity: number]>,
  ...behind: ReadonlyArray<string>
): ReadonlyArray<ReadonlyArray<string>> => [...levels].map(([at, size]) => [price(at), quantity(size), ...behind])

/** The same as text. */
export const quotedLevels = (levels: Iterable<readonly [price: number, quantity: number]>, ...behind: ReadonlyArray<string>): string =>
  JSON.stringify(printedLevels(levels, ...behind))

/** Levels as bare numbers. */
export const bareLevels = (levels: Iterable<readonly [price: number, quantity: number]>): string => JSON.stringify([...levels])

export const quantityDecimals = 2
export const price = (value: number): string => value.toFixed(priceDecimals)
export const quantity = (value: number): string => value.toFixed(quantityDecimals)

/** A whole number with the decimals that the venue prints. */
export const fixed = (value: number, decimals: number): string => value.toFixed(decimals)

const isoOf = (millis: number): string => `${DateTime.formatIso(DateTime.makeUnsafe(millis)).slice(0, -1)}000Z`

/** All that a step of the market sends is of one millisecond. */
let printed = { millis: 0, text: isoOf(0) }

/** `2023-03-10T21:20:00.000000Z`, microseconds as venues print them. */
export const iso = (time: number): string => {
  const millis = Math.floor(time)
  if (millis !== printed.millis) printed = { millis, text: isoOf(millis) }
  return printed.text
}
