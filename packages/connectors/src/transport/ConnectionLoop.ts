/**
 * One connection for as long as the engine runs: connect, subscribe, hand frames over, and connect again when it ends.
 *
 * It reconnects with exponential backoff and jitter and begins again with a short wait once a connection has held; its breaker spares a
 * venue that refuses. While the breaker is open, or connections do not hold, the books are polled by REST.
 */
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { Metrics } from "@evenkeel/runtime/telemetry/Metrics"
import { monotonicMillis, monotonicMillisOf } from "@evenkeel/runtime/time/Monotonic"
import { Clock, Deferred, Effect, Metric, Queue, Random } from "effect"
import { messageIn } from "../exchange/Exchange.ts"
import { pollBooks, renewBooks } from "./BookRenewal.ts"
import { type Connection, HandshakeRefused, NothingCarried, sendPaced, VenueCutOff } from "./Connection.ts"
import { FrameSink } from "./FrameSink.ts"
import { endWhenSilent, endWhenWithoutData, type LastSeen } from "./Liveness.ts"
import { Sockets } from "./Socket.ts"

const backoffMillis = 500
const backoffMillisMax = 30_000
/** After a connection that held for this long, the backoff begins again with its shortest wait. */
const heldMillis = 60_000
/** After so many connections in a row that did not hold, books are polled between attempts. */
const shortLivedMax = 3
/** Replies that wait to be sent; those that find no room are dropped, and the venue closes the connection. */
const repliesMax = 16
const noBytes = new Uint8Array(0)

/** Connects again and again. The end of each connection is logged once, with its reason. */
export const keepConnected = Effect.fnUntraced(function* (connection: Connection) {
  const health = yield* HealthRegistry
  const policies = yield* Policies
  const { component, exchange } = connection
  let attempts = 0
  for (;;) {
    if (connection.carried.length === 0) {
      yield* health.report(component, "stopped", new NothingCarried().message)
      connection.parked = true
      // The connector asks for the books of the pairs that it gives to a parked connection.
      yield* Queue.take(connection.resyncs)
      connection.parked = false
      continue
    }
    const began = yield* monotonicMillis
    const end = yield* Effect.flip(connectOnce(connection))
    if (connection.carried.length === 0) continue
    if ((yield* monotonicMillis) - began > heldMillis) attempts = 0
    const wait = Math.min(backoffMillisMax, backoffMillis * 2 ** attempts++) * (0.5 + (yield* Random.next))
    yield* health.report(component, "degraded", `${end.message}; reconnecting`)
    yield* Effect.logWarning("connection ended", { venue: exchange.id, reason: end.message, reconnectInMillis: Math.round(wait) })
    yield* Metric.update(Metric.withAttributes(Metrics.reconnects, { venue: exchange.id }), 1)
    if (end._tag === "VenueCutOff") yield* Metric.update(Metric.withAttributes(Metrics.cutOff, { venue: exchange.id }), 1)
    const isDown = attempts >= shortLivedMax || (yield* policies.breaker("connect", component)) !== "closed"
    yield* Effect.raceFirst(Effect.sleep(wait), isDown ? pollBooks(connection) : Effect.never)
  }
})

/** One connection from its opening to its end, which is its failure. */
const connectOnce = Effect.fnUntraced(function* (options: Connection) {
  const { budget, carried, component, connection, exchange, resyncs, venue } = options
  const sink = yield* FrameSink
  const policies = yield* Policies
  const health = yield* HealthRegistry
  const sockets = yield* Sockets
  const clock = yield* Clock.Clock
  const instruments = carried.map(({ instrument }) => instrument)
  const now = monotonicMillisOf(clock)
  const last: LastSeen = { sign: now, data: now }
  const onSign = () => {
    last.sign = monotonicMillisOf(clock)
  }
  const cutOff = yield* Deferred.make<never, VenueCutOff>()
  const replies = yield* Queue.dropping<string>(repliesMax)
  const onFrame = (frame: Uint8Array) => {
    onSign()
    const message = messageIn(exchange, frame)
    if (!budget.take(message.length, last.sign))
      return void Deferred.doneUnsafe(cutOff, Effect.fail(new VenueCutOff({ venue: exchange.id })))
    const reply = exchange.reply?.(message)
    if (reply !== undefined) Queue.offerUnsafe(replies, reply)
    if (exchange.isHeartbeat?.(message) !== true) last.data = last.sign
    sink.offer(FrameSource.socket, venue, connection, -1, message)
  }
  const socket = yield* policies.run(
    Effect.flatMap(socketUrl(options), (url) => sockets.open(url, onFrame, onSign)),
    { name: "connect", key: component }
  )
  yield* Effect.acquireRelease(
    Effect.sync(() => {
      options.open = true
      sink.offer(FrameSource.connected, venue, connection, -1, noBytes)
    }),
    () =>
      Effect.sync(() => {
        options.open = false
        sink.offer(FrameSource.disconnected, venue, connection, -1, noBytes)
      })
  )
  yield* health.report(component, "running")
  yield* sendPaced(exchange, socket, exchange.subscribe(instruments))
  // All books begin anew with the connection, so requests from before it are answered.
  yield* Queue.clear(resyncs)
  if (exchange.resync._tag === "Snapshot")
    yield* Queue.offerAll(
      resyncs,
      carried.map(({ number }) => number)
    )

  const { ping } = exchange
  const pings = ping === undefined ? Effect.never : Effect.sleep(ping.every).pipe(Effect.andThen(socket.send(ping.message)), Effect.forever)
  const answers = Queue.take(replies).pipe(Effect.flatMap(socket.send), Effect.forever)
  return yield* Effect.raceAllFirst([
    socket.closed,
    Deferred.await(cutOff),
    endWhenSilent(options, last),
    endWhenWithoutData(options, last),
    pings,
    answers,
    renewBooks(options, socket)
  ])
}, Effect.scoped)

/** Where to connect to: the venue is asked first where it gives out the addresses of its sockets. */
const socketUrl = Effect.fnUntraced(function* ({ carried, endpoints, exchange, rest }: Connection) {
  const { handshake } = exchange
  if (handshake === undefined) return endpoints.socket + exchange.socketPath(carried.map(({ instrument }) => instrument))
  const named = handshake.socketUrl(yield* rest.post(handshake.path))
  return named ?? (yield* new HandshakeRefused({ venue: exchange.id }))
})
