/**
 * A venue on loopback: a real venue's protocol over real sockets, on top of a simulated market.
 *
 * To the connector it is the venue: it opens a WebSocket, asks for snapshots over HTTP and gets what the venue would send. The market's time
 * runs on the clock that is given, at whatever speed.
 */
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import type { VenueId } from "@evenkeel/domain/market/Venue"
import { Effect, Schema, type Scope } from "effect"
import { createServer } from "node:http"
import type { Duplex } from "node:stream"
import { type WebSocket, WebSocketServer } from "ws"
import type { Endpoints } from "../exchange/Exchange.ts"
import { type Dialect, type Session, stepMarket } from "./dialect/Dialect.ts"
import { dialects } from "./dialect/Dialects.ts"
import { Faults } from "./Faults.ts"
import { SimulatedInstrument } from "./Market.ts"
import type { Scenario } from "./Scenario.ts"

export type SimulatedVenueOptions = MarketOptions &
  (
    | { readonly venue: VenueId; readonly dialect?: undefined }
    /** A venue of one's own, and its side of its protocol. */
    | { readonly venue: string; readonly dialect: Dialect }
  )

interface MarketOptions {
  /** Of this venue. */
  readonly instruments: ReadonlyArray<Instrument>
  readonly scenario: Scenario
  readonly seed: number
  /** The market's time, Unix ms. */
  readonly clock: () => number
  /** Digits before every update id, for ids past 2^53. */
  readonly idPrefix?: string
  /** Real time between two steps of the market. */
  readonly stepMillis: number
  /** Steps that are taken at once: fewer and larger bursts for the same market. Default 1. */
  readonly stepsAtOnce?: number
}

export interface SimulatedVenue {
  readonly endpoints: Endpoints
  readonly instruments: ReadonlyMap<string, SimulatedInstrument>
  readonly faults: Faults
  /** While true the market stands still, and only heartbeats are sent. */
  pause: boolean
  /** While true nothing is sent at all, heartbeats and pings included. */
  mute: boolean
  /** Status for the next REST answers, 200 when undefined. */
  restStatus: number | undefined
  restHeaders: Readonly<Record<string, string>>
  /** REST calls so far. */
  restCalls: number
  /** Steps of the market so far. */
  steps: number
  /** While true every socket is closed as soon as it is opened, as in maintenance. */
  refuseSockets: boolean
  /** While true every checksum is wrong. */
  badChecksums: boolean
  /** The connections of this moment get signs of life from now on, and no data. */
  readonly stall: () => void
  /** Sends a message to every connection, outside the protocol. */
  readonly broadcast: (message: string) => void
  /** Takes a pair off the venue: it is neither listed nor traded any more. */
  readonly delist: (symbol: string) => void
  /** Ends every connection with a close code. */
  readonly disconnect: (code: number) => void
  readonly connections: () => number
}

export class VenueUnopened extends Schema.TaggedError<VenueUnopened>()("VenueUnopened", { venue: Schema.String, problem: Schema.String }) {}

const heartbeatMillis = 1000
/** Try again later. */
const maintenance = 1013

export const makeSimulatedVenue = (options: SimulatedVenueOptions): Effect.Effect<SimulatedVenue, VenueUnopened, Scope.Scope> =>
  Effect.gen(function* () {
    const dialect = options.dialect ?? dialects[options.venue]
    const instruments = new Map(
      options.instruments.map(
        (instrument, index) =>
          [instrument.symbol, new SimulatedInstrument(instrument, options.scenario, options.seed * 1000 + index, options.idPrefix)] as const
      )
    )
    const market = {
      instruments,
      now: options.clock,
      get badChecksums() {
        return venue.badChecksums
      }
    }
    const faults = new Faults(options.seed)
    const sessions = new Map<WebSocket, Session>()
    const stalled = new WeakSet<Session>()
    const streams = new Set<Duplex>()
    for (const instrument of instruments.values()) instrument.step(options.clock())

    const server = createServer((request, response) => {
      venue.restCalls++
      const body = dialect.get(new URL(request.url ?? "/", `http://${request.headers.host}`), market)
      const status = venue.restStatus ?? (body === undefined ? 404 : 200)
      response
        .writeHead(status, { "content-type": "application/json", ...venue.restHeaders })
        .end(status !== 200 ? '{"code":-1,"msg":"refused"}' : typeof body === "string" ? body : JSON.stringify(body))
    })
    const sockets = new WebSocketServer({ server })
    sockets.on("connection", (socket, request) => {
      if (venue.refuseSockets) return socket.close(maintenance)
      const line = faults.line(
        (frame) => socket.send(frame, { binary: typeof frame !== "string" && dialect.binary === true }),
        () => socket.terminate()
      )
      const session: Session = {
        topics: new Set(),
        sequence: 0,
        counters: new Map(),
        send: (message) => {
          if (!venue.mute) line.give(message)
        },
        close: (code) => socket.close(code)
      }
      sessions.set(socket, session)
      socket.on("message", (message) => dialect.received(session, String(message), market))
      streams.add(request.socket)
      socket.on("close", () => {
        line.end()
        sessions.delete(socket)
        streams.delete(request.socket)
      })
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
      restHeaders: {},
      restCalls: 0,
      steps: 0,
      refuseSockets: false,
      badChecksums: false,
      stall: () => {
        for (const session of sessions.values()) stalled.add(session)
      },
      broadcast: (message) => {
        for (const session of sessions.values()) session.send(message)
      },
      delist: (symbol) => {
        instruments.delete(symbol)
      },
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
      const burst = (options.stepsAtOnce ?? 1) > 1
      if (burst) for (const stream of streams) stream.cork()
      const listeners = [...sessions.values()].filter((session) => !stalled.has(session))
      for (let left = options.stepsAtOnce ?? 1; left > 0; left--) stepMarket(dialect, market, listeners)
      venue.steps++
      if (burst) for (const stream of streams) stream.uncork()
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
