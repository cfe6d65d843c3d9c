/** Builds books anew: over an open connection as they are asked for, and by polling while there is no connection. */
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Clock, Effect, Queue } from "effect"
import { BookLost, type Connection, sendPaced } from "./Connection.ts"
import { FrameSink } from "./FrameSink.ts"
import type { Socket } from "./Socket.ts"

/** Two renewals of one book are at least this far apart. */
const renewalGapMillis = 1000
/** Between two rounds of polling. */
const pollEvery = "2 seconds"

/** Renews the books that are asked for, each at most once a second, in the way that the venue knows. */
export const renewBooks = Effect.fnUntraced(function* (
  { carried, component, connection, exchange, resyncs, rest, venue }: Connection,
  socket: Socket
) {
  const sink = yield* FrameSink
  const renewedAt = new Map<number, number>()
  const { resync } = exchange
  for (;;) {
    const number = yield* Queue.take(resyncs)
    const target = carried.find((candidate) => candidate.number === number)
    if (target === undefined) continue
    const { symbol } = target.instrument
    if (resync._tag === "Reconnect") return yield* new BookLost({ venue: exchange.id, symbol })
    const since = (yield* Clock.currentTimeMillis) - (renewedAt.get(number) ?? Number.NEGATIVE_INFINITY)
    if (since < renewalGapMillis) yield* Effect.sleep(renewalGapMillis - since)
    renewedAt.set(number, yield* Clock.currentTimeMillis)
    if (resync._tag === "Resubscribe") {
      const instruments = resync.wholeConnection ? carried.map(({ instrument }) => instrument) : [target.instrument]
      yield* sendPaced(exchange, socket, resync.messages(instruments))
      // One renewal of the whole connection answers all requests that came meanwhile.
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

/** Reads all books by REST again and again, as well as they can be had without a socket. */
export const pollBooks = Effect.fnUntraced(function* ({ carried, component, connection, rest, venue }: Connection) {
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
