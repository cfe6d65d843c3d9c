/**
 * A venue on loopback that speaks a real venue's protocol over real sockets, on top of a simulated market.
 *
 * The connector cannot tell: it opens a WebSocket, asks for snapshots over HTTP and gets what the venue would send. The market's time
 * runs on the clock that is given, at whatever speed.
 */
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import type { VenueId } from "@evenkeel/domain/market/Venue"
import { Effect, Schema, type Scope } from "effect"
import { createServer } from "node:http"
import { type WebSocket, WebSocketServer } from "ws"
import type { Endpoints } from "../exchange/Exchange.ts"
import { binanceDialect } from "./dialect/BinanceDialect.ts"
import { coinbaseDialect } from "./dialect/CoinbaseDialect.ts"
import type { Dialect, Session } from "./dialect/Dialect.ts"
import { krakenDialect } from "./dialect/KrakenDialect.ts"
import { Faults } from "./Faults.ts"
import { SimulatedInstrument } from "./Market.ts"
import type { Scenario } from "./Scenario.ts"

const dialects: Record<VenueId, Dialect> = { binance: binanceDialect, coinbase: coinbaseDialect, kraken: krakenDialect }

export interface SimulatedVenueOptions {
  readonly venue: VenueId
  /** Of this venue. */
  readonly instruments: ReadonlyArray<Instrument>
  readonly scenario: Scenario
  readonly seed: number
  /** The market's time, Unix ms. */
  readonly clock: () => number
  /** Real time between two steps of the market. */
  readonly stepMillis: number
}

export interface SimulatedVenue {
  readonly endpoints: Endpoints
  readonly instruments: ReadonlyMap<string, SimulatedInstrument>
  readonly faults: Faults
  /** While true the market stands still and says nothing but heartbeats. */
  pause: boolean
  /** While true nothing is sent at all, heartbeats and pings included. */
  mute: boolean
  /** Status for the next REST answers, 200 when undefined. */
  restStatus: number | undefined
  /** Ends every connection with a close code. */
  readonly disconnect: (code: number) => void
  readonly connections: () => number
}

export class VenueUnopened extends Schema.TaggedError<VenueUnopened>()("VenueUnopened", { venue: Schema.String, problem: Schema.String }) {}

const heartbeatMillis = 1000

export const makeSimulatedVenue = (options: SimulatedVenueOptions): Effect.Effect<SimulatedVenue, VenueUnopened, Scope.Scope> =>
  Effect.gen(function* () {
    const dialect = dialects[options.venue]
    const instruments = new Map(
      options.instruments.map(
        (instrument, index) =>
          [instrument.symbol, new SimulatedInstrument(instrument, options.scenario, options.seed * 1000 + index)] as const
      )
    )
    const market = { instruments, now: options.clock }
    const faults = new Faults(options.seed)
    const sessions = new Map<WebSocket, Session>()
    for (const instrument of instruments.values()) instrument.step(options.clock())

    const server = createServer((request, response) => {
      const body = dialect.get(new URL(request.url ?? "/", "http://venue"), market)
      const status = venue.restStatus ?? (body === undefined ? 404 : 200)
      response
        .writeHead(status, { "content-type": "application/json" })
        .end(JSON.stringify(status === 200 ? body : { code: -1, msg: "refused" }))
    })
    const sockets = new WebSocketServer({ server })
    sockets.on("connection", (socket, request) => {
      const line = faults.line(
        (frame) => socket.send(frame, { binary: false }),
        () => socket.terminate()
      )
      const session: Session = {
        topics: new Set(),
        sequence: 0,
        send: (message) => {
          if (!venue.mute) line(message)
        }
      }
      sessions.set(socket, session)
      socket.on("message", (message) => dialect.received(session, String(message), market))
      socket.on("close", () => sessions.delete(socket))
      socket.on("error", () => sessions.delete(socket))
      dialect.opened(session, request.url ?? "/", market)
    })

    const venue: SimulatedVenue = {
      get endpoints() {
        const address = server.address()
        const host = `127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`
        return { socket: `ws://${host}`, rest: `http://${host}` }
      },
      instruments,
      faults,
      pause: false,
      mute: false,
      restStatus: undefined,
      disconnect: (code) => {
        for (const socket of sessions.keys()) socket.close(code)
      },
      connections: () => sessions.size
    }

    yield* Effect.acquireRelease(
      Effect.callback<void, VenueUnopened>((resume) => {
        server.once("error", (error) => resume(new VenueUnopened({ venue: options.venue, problem: error.message })))
        server.listen(0, "127.0.0.1", () => resume(Effect.void))
      }),
      () =>
        Effect.callback<void>((resume) => {
          for (const socket of sessions.keys()) socket.terminate()
          sockets.close()
          server.closeAllConnections()
          server.close(() => resume(Effect.void))
        })
    )

    const step = Effect.sync(() => {
      if (venue.pause) return
      for (const instrument of instruments.values()) {
        const first = instrument.sequence + 1
        const changes = instrument.step(options.clock())
        if (changes.trades.length > 0) instrument.tradeId++
        for (const session of sessions.values()) dialect.changed(session, instrument, changes, first, market)
      }
    })
    const heartbeat = Effect.sync(() => {
      for (const [socket, session] of sessions) {
        dialect.heartbeat(session, market)
        if (!venue.mute) socket.ping()
      }
    })
    yield* step.pipe(Effect.andThen(Effect.sleep(options.stepMillis)), Effect.forever, Effect.forkScoped)
    yield* heartbeat.pipe(Effect.andThen(Effect.sleep(heartbeatMillis)), Effect.forever, Effect.forkScoped)
    return venue
  })
