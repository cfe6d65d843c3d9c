/**
 * Keeps the connections to one venue: connect, subscribe, watch, renew books on request, reconnect.
 *
 * The same code runs every venue; what differs stands in its `Exchange`. Each connection is a supervised fiber that never gives up:
 * it reconnects with exponential backoff and jitter, begins again with a short wait once a connection has held, and its breaker
 * spares a venue that refuses. While the breaker is open, or connections do not hold, the books are polled by REST.
 */
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { venueIds } from "@evenkeel/domain/market/Venue"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { Metrics } from "@evenkeel/runtime/telemetry/Metrics"
import { Clock, Duration, Effect, Metric, Queue, Random, Schema, type Scope } from "effect"
import { type Endpoints, type Exchange, messageIn } from "../exchange/Exchange.ts"
import { FrameSink } from "./FrameSink.ts"
import { makeRest, type Rest } from "./Rest.ts"
import { openSocket, type Socket, SocketClosed } from "./Socket.ts"

export interface ConnectorOptions {
  readonly exchange: Exchange
  readonly endpoints: Endpoints
  /** All of the engine's instruments; the connector serves its venue's. Positions are instrument numbers. */
  readonly instruments: ReadonlyArray<Instrument>
}

export interface Connector {
  readonly exchange: Exchange
  /** The venue's REST calls: who shares them shares its rate, its breaker and its bans. */
  readonly rest: Rest
  /** Asks for an instrument's book to be built anew. */
  readonly resync: (instrument: number, reason: string) => Effect.Effect<void>
  /** Carries instruments that were listed meanwhile, on a connection of their own. */
  readonly add: (instruments: ReadonlyArray<Numbered>) => Effect.Effect<void>
  /** Carries an instrument no more: its next connection does not ask for it. */
  readonly remove: (number: number) => void
  /** What is carried, by symbol, connection by connection. */
  readonly carried: () => ReadonlyArray<ReadonlyArray<string>>
}

/** An instrument and the number that the hot path knows it by. */
export interface Numbered {
  readonly instrument: Instrument
  readonly number: number
}

const backoffMillis = 500
const backoffMillisMax = 30_000
/** A connection that held this long was a good one. */
const heldMillis = 60_000
/** Books that wait for renewal; there are not more instruments than this on a connection. */
const resyncsMax = 1024
/** Two renewals of one book are at least this far apart. */
const resyncGapMillis = 1000
/** After so many connections that did not hold, the venue's sockets are taken for down. */
const shortLivedMax = 3
/** Between two rounds of polling, while a socket cannot be had. */
const pollEvery = "2 seconds"
/** Books that are looked at when a connection is put to the test. */
const probesMax = 5

/** The venue accepted the connection and then said nothing. */
export class VenueSilent extends Schema.TaggedError<VenueSilent>()("VenueSilent", {
  venue: Schema.String,
  silentMillis: Schema.Finite,
  /** Nothing at all came, or signs of life and no data while the venue's books changed. */
  of: Schema.Literals(["everything", "data"])
}) {
  override get message() {
    const what = this.of === "everything" ? "has said nothing" : "has sent no data, though its books changed,"
    return `${this.venue} ${what} for ${Math.round(this.silentMillis / 1000)} s`
  }
}

/** A book was lost and this venue's way to have it anew is a new connection. */
export class BookLost extends Schema.TaggedError<BookLost>()("BookLost", { venue: Schema.String, symbol: Schema.String }) {
  override get message() {
    return `the book of ${this.symbol} was lost`
  }
}

/** The venue did not say where its sockets are. */
export class HandshakeRefused extends Schema.TaggedError<HandshakeRefused>()("HandshakeRefused", { venue: Schema.String }) {
  override get message() {
    return `${this.venue} named no socket to connect to`
  }
}

export const makeConnector = Effect.fnUntraced(function* ({ endpoints, exchange, instruments }: ConnectorOptions) {
  const supervisor = yield* Supervisor
  const health = yield* HealthRegistry
  const venue = venueIds.indexOf(exchange.id)
  const rest = yield* makeRest(exchange, endpoints)
  const own = instruments.flatMap((instrument, number) => (instrument.venue === exchange.id ? [{ instrument, number }] : []))
  const queueOf = new Map<number, Queue.Queue<number>>()
  const connections: Array<Array<Numbered>> = []
  const context = yield* Effect.context<FrameSink | Policies | HealthRegistry | Scope.Scope>()
  const add = (instruments: ReadonlyArray<Numbered>) =>
    Effect.gen(function* () {
      for (let from = 0; from < instruments.length; from += exchange.instrumentsPerConnection) {
        const carried = instruments.slice(from, from + exchange.instrumentsPerConnection)
        const connection = connections.push(carried) - 1
        // The newest request matters; an older one for a book that is still stale comes again by itself.
        const resyncs = yield* Queue.sliding<number>(resyncsMax)
        for (const { number } of carried) queueOf.set(number, resyncs)
        const component = `${exchange.id}#${connection}`
        yield* health.report(component, "starting")
        yield* supervisor.supervise(component, keepConnected({ exchange, endpoints, rest, venue, connection, carried, resyncs, component }))
      }
    }).pipe(Effect.provideContext(context))
  yield* add(own)
  const snapshots = Metric.withAttributes(Metrics.snapshots, { venue: exchange.id })
  return {
    exchange,
    rest,
    resync: (instrument, reason) => {
      const queue = queueOf.get(instrument)
      return queue === undefined
        ? Effect.void
        : Queue.offer(queue, instrument).pipe(Effect.andThen(Metric.update(Metric.withAttributes(snapshots, { reason }), 1)))
    },
    add,
    remove: (number) => {
      queueOf.delete(number)
      for (const carried of connections) {
        const at = carried.findIndex((candidate) => candidate.number === number)
        if (at >= 0) carried.splice(at, 1)
      }
    },
    carried: () => connections.map((carried) => carried.map(({ instrument }) => instrument.symbol))
  } satisfies Connector as Connector
})

interface Connection {
  readonly exchange: Exchange
  readonly endpoints: Endpoints
  readonly rest: Rest
  readonly venue: number
  readonly connection: number
  readonly carried: ReadonlyArray<Numbered>
  readonly resyncs: Queue.Queue<number>
  readonly component: string
}

/** Connects again and again. Every end of a connection is said once, with its reason. */
const keepConnected = Effect.fnUntraced(function* (connection: Connection) {
  const health = yield* HealthRegistry
  const policies = yield* Policies
  const { component, exchange } = connection
  let attempts = 0
  for (;;) {
    // Every pair of it was delisted.
    if (connection.carried.length === 0) return yield* Effect.never
    const began = yield* Clock.currentTimeMillis
    const end = yield* Effect.flip(connectOnce(connection))
    if ((yield* Clock.currentTimeMillis) - began > heldMillis) attempts = 0
    const wait = Math.min(backoffMillisMax, backoffMillis * 2 ** attempts++) * (0.5 + (yield* Random.next))
    yield* health.report(component, "degraded", `${end.message}; reconnecting`)
    yield* Effect.logWarning("connection ended", { venue: exchange.id, reason: end.message, reconnectInMillis: Math.round(wait) })
    yield* Metric.update(Metric.withAttributes(Metrics.reconnects, { venue: exchange.id }), 1)
    const down = attempts >= shortLivedMax || (yield* policies.breaker("connect", component)) !== "closed"
    yield* Effect.raceFirst(Effect.sleep(wait), down ? pollBooks(connection) : Effect.never)
  }
})

/** The books by REST, as good as they can be had without a socket. */
const pollBooks = Effect.fnUntraced(function* ({ carried, component, connection, rest, venue }: Connection) {
  const sink = yield* FrameSink
  const health = yield* HealthRegistry
  yield* health.report(component, "degraded", "no socket can be had; books are polled")
  for (;;) {
    for (const { instrument, number } of carried) {
      yield* rest.book(instrument.symbol).pipe(
        Effect.map((bytes) => sink.offer(FrameSource.snapshot, venue, connection, number, bytes)),
        Effect.ignore
      )
    }
    yield* Effect.sleep(pollEvery)
  }
})

const nothing = new Uint8Array(0)

/** One connection from its opening to its end, which is its failure. */
const connectOnce = Effect.fnUntraced(function* (options: Connection) {
  const { carried, component, connection, endpoints, exchange, resyncs, rest, venue } = options
  const sink = yield* FrameSink
  const policies = yield* Policies
  const health = yield* HealthRegistry
  const clock = yield* Clock.Clock
  const instruments = carried.map(({ instrument }) => instrument)
  let lastSign = clock.currentTimeMillisUnsafe()
  let lastData = lastSign
  const sign = () => {
    lastSign = clock.currentTimeMillisUnsafe()
  }
  const replies = yield* Queue.dropping<string>(repliesMax)
  const onFrame = (frame: Uint8Array) => {
    sign()
    const message = messageIn(exchange, frame)
    const reply = exchange.reply?.(message)
    if (reply !== undefined) Queue.offerUnsafe(replies, reply)
    if (exchange.isHeartbeat?.(message) !== true) lastData = lastSign
    sink.offer(FrameSource.socket, venue, connection, -1, message)
  }
  const { handshake } = exchange
  const url = Effect.gen(function* () {
    if (handshake === undefined) return endpoints.socket + exchange.socketPath(instruments)
    const told = handshake.socketUrl(yield* rest.post(handshake.path))
    return told ?? (yield* new HandshakeRefused({ venue: exchange.id }))
  })
  const socket = yield* policies.run(
    Effect.flatMap(url, (target) => openSocket(target, onFrame, sign)),
    { name: "connect", key: component }
  )
  yield* Effect.acquireRelease(
    Effect.sync(() => sink.offer(FrameSource.connected, venue, connection, -1, nothing)),
    () => Effect.sync(() => sink.offer(FrameSource.disconnected, venue, connection, -1, nothing))
  )
  yield* health.report(component, "running")
  yield* sendAll(exchange, socket, exchange.subscribe(instruments))
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
      const silentMillis = clock.currentTimeMillisUnsafe() - lastSign
      if (silentMillis > silenceMax) return yield* new VenueSilent({ venue: exchange.id, silentMillis, of: "everything" })
    }
  })
  const ping =
    exchange.ping === undefined
      ? Effect.never
      : Effect.sleep(exchange.ping.every).pipe(Effect.andThen(socket.send(exchange.ping.message)), Effect.forever)
  const answer = Queue.take(replies).pipe(Effect.flatMap(socket.send), Effect.forever)
  return yield* Effect.raceAllFirst([socket.closed, watch, probe(options, () => lastData), ping, answer, renew(options, socket)])
}, Effect.scoped)

/** Replies that wait to be sent; a venue that is owed more has long hung up. */
const repliesMax = 16

/**
 * Tells a quiet market from a connection that lives and brings nothing: without data for `quietMax` some books are asked for by REST, and
 * again a `quietMax` later. If one has changed and the socket still says nothing, the connection is dead.
 */
const probe = Effect.fnUntraced(function* ({ carried, connection, exchange, rest, venue }: Connection, lastData: () => number) {
  const sink = yield* FrameSink
  const quietMax = Duration.toMillis(Duration.fromInputUnsafe(exchange.quietMax))
  let seen = new Map<number, string>()
  for (;;) {
    yield* Effect.sleep(quietMax)
    const asked = yield* Clock.currentTimeMillis
    if (asked - lastData() < quietMax) {
      seen = new Map()
      continue
    }
    for (const { instrument, number } of carried.slice(0, probesMax)) {
      const bytes = yield* rest.book(instrument.symbol).pipe(Effect.orElseSucceed(() => undefined))
      if (bytes === undefined || lastData() >= asked) continue
      const levels = levelsOf(bytes)
      if (seen.has(number) && seen.get(number) !== levels)
        return yield* new VenueSilent({ venue: exchange.id, silentMillis: asked - lastData(), of: "data" })
      seen.set(number, levels)
      if (exchange.resync._tag === "Snapshot") sink.offer(FrameSource.snapshot, venue, connection, number, bytes)
    }
  }
})

/** A body's levels without its times and ids: its lists of lists, or its prices and amounts where levels are objects. */
const levelsOf = (body: Uint8Array): string => {
  const text = Buffer.from(body).toString("latin1")
  const lists = text.match(/\[\s*\[[^\]]*\](?:\s*,\s*\[[^\]]*\])*\s*\]/g)
  return (lists ?? text.match(/"(?:price|amount|size)"\s*:\s*"[^"]*"/g) ?? []).join()
}

/** Builds books anew as they are asked for, each at most once a second. */
const renew = Effect.fnUntraced(function* ({ carried, component, connection, exchange, resyncs, rest, venue }: Connection, socket: Socket) {
  const sink = yield* FrameSink
  const renewed = new Map<number, number>()
  const { resync } = exchange
  for (;;) {
    const number = yield* Queue.take(resyncs)
    const target = carried.find((candidate) => candidate.number === number)
    if (target === undefined) continue
    const { symbol } = target.instrument
    if (resync._tag === "Reconnect") return yield* new BookLost({ venue: exchange.id, symbol })
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
    yield* rest.book(symbol).pipe(
      Effect.map((bytes) => sink.offer(FrameSource.snapshot, venue, connection, number, bytes)),
      // The hot path asks again for a book that stays stale.
      Effect.catch((error) => Effect.logWarning("no book snapshot", { connection: component, symbol, reason: error.message }))
    )
  }
})

/** Sends messages no faster than the venue allows. */
const sendAll = (exchange: Exchange, socket: Socket, messages: ReadonlyArray<string>): Effect.Effect<void, SocketClosed> =>
  Effect.forEach(
    messages,
    (message, index) =>
      (index === 0 ? Effect.void : Effect.sleep(1000 / exchange.messagesPerSecond)).pipe(Effect.andThen(socket.send(message))),
    { discard: true }
  )
