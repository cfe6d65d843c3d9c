/** A simulated venue's side of one connection, recorded: what it would send to a listener that subscribed to everything. */
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import type { VenueId } from "@evenkeel/domain/market/Venue"
import type { CaptureRecord } from "../capture/Capture.ts"
import { exchanges } from "../exchange/Exchanges.ts"
import { replayHost } from "../replay/ReplayServer.ts"
import { dialects } from "./dialect/Dialects.ts"
import { type Session, stepMarket } from "./dialect/Dialect.ts"
import { SimulatedInstrument } from "./Market.ts"
import type { Scenario } from "./Scenario.ts"

/** Market time between two steps. */
const stepMillis = 250

/** `frames` frames of a venue, behind the REST bodies that a connector asks for first. Deterministic. */
export const recordSession = (options: {
  readonly venue: VenueId
  readonly instruments: ReadonlyArray<Instrument>
  readonly scenario: Scenario
  readonly seed: number
  readonly frames: number
}): ReadonlyArray<CaptureRecord> => {
  const { instruments: own, scenario, venue } = options
  const dialect = dialects[venue]
  const exchange = exchanges[venue]
  let now = scenario.startsAt
  const instruments = new Map(
    own.map((instrument, index) => [instrument.symbol, new SimulatedInstrument(instrument, scenario, options.seed * 100 + index)] as const)
  )
  const market = { instruments, now: () => now, badChecksums: false }
  for (const instrument of instruments.values()) instrument.step(now)
  const records: Array<CaptureRecord> = []
  const http = (path: string) => {
    const body = dialect.get(new URL(path, `http://${replayHost}`), market)
    const text = typeof body === "string" ? body : JSON.stringify(body)
    records.push({
      kind: "http",
      time: now,
      connection: "rest",
      url: `http://${replayHost}${path}`,
      bytes: Buffer.from(text),
      binary: false
    })
  }
  if (exchange.handshake !== undefined) http(exchange.handshake.path)
  http(exchange.listingsPath)
  for (const { symbol } of own) http(exchange.book.path(symbol))
  const session: Session = {
    topics: new Set(),
    sequence: 0,
    counters: new Map(),
    send: (message) => {
      const bytes = typeof message === "string" ? Buffer.from(message) : message
      records.push({ kind: "recv", time: now, connection: "one", url: "", bytes, binary: typeof message !== "string" })
    },
    close: () => {}
  }
  dialect.opened(session, exchange.socketPath(own), market)
  for (const message of exchange.subscribe(own)) dialect.received(session, message, market)
  while (records.length < options.frames) {
    now += stepMillis
    stepMarket(dialect, market, [session])
  }
  return records
}
