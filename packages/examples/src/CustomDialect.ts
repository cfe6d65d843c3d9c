/** Acme's own side of its protocol, for tests: the simulated venue speaks it over a simulated market. */
import { type Dialect, printedLevels, type Session } from "@evenkeel/connectors/simulated/dialect/Dialect"
import type { SimulatedInstrument } from "@evenkeel/connectors/simulated/Market"
import { Option, Schema } from "effect"

const decodeRequest = Schema.decodeUnknownOption(
  Schema.fromJsonString(
    Schema.Struct({ op: Schema.Literals(["subscribe", "unsubscribe"]), channel: Schema.String, symbols: Schema.Array(Schema.String) })
  )
)

/** Sequence numbers may exceed 2^53: they are printed as they are, and not as JSON prints a number. */
const send = (session: Session, type: string, symbol: string, sequences: Readonly<Record<string, string>>, rest: object) => {
  const numbers = Object.entries(sequences).map(([name, value]) => `"${name}":${value},`)
  session.send(`{"type":"${type}","symbol":"${symbol}",${numbers.join("")}${JSON.stringify(rest).slice(1)}`)
}

const whole = (instrument: SimulatedInstrument) => ({
  bids: printedLevels(instrument.levels(0)),
  asks: printedLevels(instrument.levels(1))
})

export const acmeDialect: Dialect = {
  opened: () => {},
  received: (session, message, market) => {
    const request = Option.getOrUndefined(decodeRequest(message))
    if (request === undefined) return session.send('{"type":"error","message":"not a request"}')
    for (const symbol of request.symbols) {
      const instrument = market.instruments.get(symbol)
      if (instrument === undefined) {
        session.send(JSON.stringify({ type: "error", message: `no pair ${symbol}` }))
        continue
      }
      const topic = `${request.channel}:${symbol}`
      session.send(JSON.stringify({ type: `${request.op}d`, symbol, channel: request.channel }))
      if (request.op === "unsubscribe") {
        session.topics.delete(topic)
        continue
      }
      session.topics.add(topic)
      if (request.channel !== "book") continue
      session.counters.set(symbol, instrument.sequence)
      send(session, "snapshot", symbol, { seq: instrument.id() }, { time: Math.floor(market.now()), ...whole(instrument) })
    }
  },
  changed: (session, instrument, { asks, bestChanged, bids, trades }, _firstSequence, market) => {
    const { symbol } = instrument.instrument
    const time = Math.floor(market.now())
    if (session.topics.has(`trades:${symbol}`)) {
      for (const { price, quantity, takerSide } of trades) send(session, "trade", symbol, {}, { time, price, quantity, side: takerSide })
    }
    if (bids.size + asks.size > 0 && session.topics.has(`book:${symbol}`)) {
      const after = instrument.id(session.counters.get(symbol))
      session.counters.set(symbol, instrument.sequence)
      send(session, "change", symbol, { after, seq: instrument.id() }, { time, bids: printedLevels(bids), asks: printedLevels(asks) })
    }
    const best = instrument.best()
    if (bestChanged && best.bid > 0 && best.ask > 0 && session.topics.has(`best:${symbol}`))
      send(session, "best", symbol, {}, { time, ...best })
  },
  heartbeat: (session) => session.send('{"type":"heartbeat"}'),
  get: (url, market) => {
    if (url.pathname === "/time") return { time: Math.floor(market.now()) }
    if (url.pathname === "/pairs")
      return [...market.instruments.values()].map(({ instrument: { base, quote, symbol } }) => ({ symbol, base, quote }))
    const instrument = market.instruments.get(url.searchParams.get("symbol") ?? "")
    return url.pathname === "/book" && instrument !== undefined ? whole(instrument) : undefined
  }
}
