/**
 * Keeps the connections to one venue: connect, subscribe, watch, renew books on request, reconnect.
 *
 * The same code runs every venue; what differs stands in its `Exchange`. Each connection is a supervised fiber that never gives up:
 * it reconnects with exponential backoff and jitter, begins again with a short wait once a connection has held, and its breaker
 * spares a venue that refuses.
 */
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { venueIds } from "@evenkeel/domain/market/Venue"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { Metrics } from "@evenkeel/runtime/telemetry/Metrics"
import { Clock, Duration, Effect, Metric, Queue, Random, Schema } from "effect"
import { HttpClient } from "effect/http"
import type { Endpoints, Exchange } from "../exchange/Exchange.ts"
import { FrameSink } from "./FrameSink.ts"
import { openSocket, type Socket, SocketClosed } from "./Socket.ts"

export interface ConnectorOptions {
  readonly exchange: Exchange
  readonly endpoints: Endpoints
  /** All of the engine's instruments; the connector serves its venue's. Positions are instrument numbers. */
  readonly instruments: ReadonlyArray<Instrument>
}

export interface Connector {
  /** Asks for an instrument's book to be built anew. */
  readonly resync: (instrument: number, reason: string) => Effect.Effect<void>
}

const backoffMillis = 500
const backoffMillisMax = 30_000
/** A connection that held this long was a good one. */
const heldMillis = 60_000
/** Books that wait for renewal; there are not more instruments than this on a connection. */
const resyncsMax = 1024
/** Two renewals of one book are at least this far apart. */
const resyncGapMillis = 1000

/** The venue accepted the connection and then said nothing. */
export class VenueSilent extends Schema.TaggedError<VenueSilent>()("VenueSilent", { venue: Schema.String, silentMillis: Schema.Finite }) {
  override get message() {
    return `${this.venue} has said nothing for ${Math.round(this.silentMillis / 1000)} s`
  }
}

export const makeConnector = Effect.fnUntraced(function* ({ endpoints, exchange, instruments }: ConnectorOptions) {
  const supervisor = yield* Supervisor
  const health = yield* HealthRegistry
  const venue = venueIds.indexOf(exchange.id)
  const own = instruments.flatMap((instrument, number) => (instrument.venue === exchange.id ? [{ instrument, number }] : []))
  const queueOf = new Map<number, Queue.Queue<number>>()
  const connections = Math.ceil(own.length / exchange.instrumentsPerConnection)
  for (let connection = 0; connection < connections; connection++) {
    const carried = own.slice(connection * exchange.instrumentsPerConnection, (connection + 1) * exchange.instrumentsPerConnection)
    // The newest request matters; an older one for a book that is still stale comes again by itself.
    const resyncs = yield* Queue.sliding<number>(resyncsMax)
    for (const { number } of carried) queueOf.set(number, resyncs)
    const component = `${exchange.id}#${connection}`
    yield* health.report(component, "starting")
    yield* supervisor.supervise(component, keepConnected({ exchange, endpoints, venue, connection, carried, resyncs, component }))
  }
  const snapshots = Metric.withAttributes(Metrics.snapshots, { venue: exchange.id })
  return {
    resync: (instrument, reason) => {
      const queue = queueOf.get(instrument)
      return queue === undefined
        ? Effect.void
        : Queue.offer(queue, instrument).pipe(Effect.andThen(Metric.update(Metric.withAttributes(snapshots, { reason }), 1)))
    }
  } satisfies Connector
})

interface Connection {
  readonly exchange: Exchange
  readonly endpoints: Endpoints
  readonly venue: number
  readonly connection: number
  readonly carried: ReadonlyArray<{ readonly instrument: Instrument; readonly number: number }>
  readonly resyncs: Queue.Queue<number>
  readonly component: string
}

/** Connects again and again. Every end of a connection is said once, with its reason. */
const keepConnected = Effect.fnUntraced(function* (connection: Connection) {
  const health = yield* HealthRegistry
  const { component, exchange } = connection
  let attempts = 0
  for (;;) {
    const began = yield* Clock.currentTimeMillis
    const end = yield* Effect.flip(connectOnce(connection))
    if ((yield* Clock.currentTimeMillis) - began > heldMillis) attempts = 0
    const wait = Math.min(backoffMillisMax, backoffMillis * 2 ** attempts++) * (0.5 + (yield* Random.next))
    yield* health.report(component, "degraded", `${end.message}; reconnecting`)
    yield* Effect.logWarning("connection ended", { venue: exchange.id, reason: end.message, reconnectInMillis: Math.round(wait) })
    yield* Metric.update(Metric.withAttributes(Metrics.reconnects, { venue: exchange.id }), 1)
    yield* Effect.sleep(wait)
  }
})

/** One connection from its opening to its end, which is its failure. */
const connectOnce = Effect.fnUntraced(function* (options: Connection) {
  const { carried, component, connection, endpoints, exchange, resyncs, venue } = options
  const sink = yield* FrameSink
  const policies = yield* Policies
  const health = yield* HealthRegistry
  let lastSign = yield* Clock.currentTimeMillis
  const clock = yield* Clock.Clock
  const sign = () => {
    lastSign = clock.currentTimeMillisUnsafe()
  }
  const socket = yield* policies.run(
    openSocket(
      endpoints.socket + exchange.socketPath(carried.map(({ instrument }) => instrument)),
      (bytes) => {
        sign()
        sink.offer(FrameSource.socket, venue, connection, -1, bytes)
      },
      sign
    ),
    { name: "connect", key: component }
  )
  const nothing = new Uint8Array(0)
  yield* Effect.acquireRelease(
    Effect.sync(() => sink.offer(FrameSource.connected, venue, connection, -1, nothing)),
    () => Effect.sync(() => sink.offer(FrameSource.disconnected, venue, connection, -1, nothing))
  )
  yield* health.report(component, "running")
  yield* sendAll(exchange, socket, exchange.subscribe(carried.map(({ instrument }) => instrument)))
  // Requests from before this connection are moot: all of its books begin anew.
  yield* Queue.clear(resyncs)
  if (exchange.resync._tag === "Snapshot")
    yield* Queue.offerAll(
      resyncs,
      carried.map(({ number }) => number)
    )

  const silenceMax = Duration.toMillis(Duration.fromInputUnsafe(exchange.silenceMax))
  const watch = Effect.gen(function* () {
    for (;;) {
      yield* Effect.sleep(silenceMax / 4)
      const silentMillis = (yield* Clock.currentTimeMillis) - lastSign
      if (silentMillis > silenceMax) return yield* new VenueSilent({ venue: exchange.id, silentMillis })
    }
  })
  const ping =
    exchange.ping === undefined
      ? Effect.never
      : Effect.sleep(exchange.ping.every).pipe(Effect.andThen(socket.send(exchange.ping.message)), Effect.forever)
  return yield* Effect.raceAllFirst([socket.closed, watch, ping, renew(options, socket)])
}, Effect.scoped)

/** Builds books anew as they are asked for, each at most once a second. */
const renew = Effect.fnUntraced(function* (
  { carried, component, connection, endpoints, exchange, resyncs, venue }: Connection,
  socket: Socket
) {
  const sink = yield* FrameSink
  const policies = yield* Policies
  const client = yield* HttpClient.HttpClient
  const renewed = new Map<number, number>()
  const { resync } = exchange
  for (;;) {
    const number = yield* Queue.take(resyncs)
    const target = carried.find((candidate) => candidate.number === number)
    if (target === undefined) continue
    const waited = (yield* Clock.currentTimeMillis) - (renewed.get(number) ?? Number.NEGATIVE_INFINITY)
    if (waited < resyncGapMillis) yield* Effect.sleep(resyncGapMillis - waited)
    renewed.set(number, yield* Clock.currentTimeMillis)
    if (resync._tag === "Resubscribe") {
      const instruments = resync.wholeConnection ? carried.map(({ instrument }) => instrument) : [target.instrument]
      yield* sendAll(exchange, socket, resync.messages(instruments))
      // One renewal serves all that asked meanwhile.
      if (resync.wholeConnection) yield* Queue.clear(resyncs)
      continue
    }
    const body = Effect.gen(function* () {
      const response = yield* client.get(endpoints.rest + resync.path(target.instrument.symbol))
      if (response.status !== 200) return yield* new SnapshotRefused({ venue: exchange.id, status: response.status })
      return yield* response.arrayBuffer
    })
    yield* policies
      .run(body, {
        name: "rest",
        key: exchange.id,
        tokens: resync.weight,
        // 418 and 403 are bans: asking again makes them longer.
        retryable: (error) => error._tag !== "SnapshotRefused" || (error.status !== 418 && error.status !== 403)
      })
      .pipe(
        Effect.map((bytes) => sink.offer(FrameSource.snapshot, venue, connection, number, new Uint8Array(bytes))),
        // The hot path asks again for a book that stays stale.
        Effect.catch((error) =>
          Effect.logWarning("no book snapshot", { connection: component, symbol: target.instrument.symbol, reason: error.message })
        )
      )
  }
})

export class SnapshotRefused extends Schema.TaggedError<SnapshotRefused>()("SnapshotRefused", {
  venue: Schema.String,
  status: Schema.Int
}) {
  override get message() {
    return `${this.venue} answered ${this.status}`
  }
}

/** Sends messages no faster than the venue allows. */
const sendAll = (exchange: Exchange, socket: Socket, messages: ReadonlyArray<string>): Effect.Effect<void, SocketClosed> =>
  Effect.forEach(
    messages,
    (message, index) =>
      (index === 0 ? Effect.void : Effect.sleep(1000 / exchange.messagesPerSecond)).pipe(Effect.andThen(socket.send(message))),
    { discard: true }
  )
