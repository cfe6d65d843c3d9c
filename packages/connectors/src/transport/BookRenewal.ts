/** Builds books anew: over an open connection as they are asked for, and by polling while there is no connection. */
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { monotonicMillis } from "@evenkeel/runtime/time/Monotonic"
import { Effect, Option, Queue, Result } from "effect"
import type { Numbered } from "../feed/Instruments.ts"
import { BookLost, type Connection, sendPaced, VenueCutOff } from "./Connection.ts"
import { FrameSink } from "./FrameSink.ts"
import type { Socket } from "./Socket.ts"

/** Two renewals of one book are at least this far apart. */
const renewalGapMillis = 1000
/** A snapshot that could not be had is asked for again after this long, then twice as long, and so on up to the maximum. */
const againMillis = 1000
const againMillisMax = 10_000
/** Between two rounds of polling. */
const pollEvery = "2 seconds"

/** Reads a book by REST and hands it over, as long as the venue keeps to its budget of bytes. */
const readBook = Effect.fnUntraced(function* ({ budget, carried, connection, exchange, rest, venue }: Connection, target: Numbered) {
  const { instrument, number } = target
  const sink = yield* FrameSink
  const bytes = yield* rest.book(instrument.symbol)
  if (!budget.take(bytes.length, yield* monotonicMillis)) return yield* new VenueCutOff({ venue: exchange.id })
  // A pair that was delisted meanwhile may have left its number to another.
  if (carried.includes(target)) sink.offer(FrameSource.snapshot, venue, connection, number, bytes)
})

/** Renews the books that are asked for, each at most once a second, in the way that the venue knows. */
export const renewBooks = Effect.fnUntraced(function* (connection: Connection, socket: Socket) {
  const { carried, component, exchange, resyncs } = connection
  const renewedAt = new Map<number, number>()
  const failed = new Map<number, { readonly at: number; readonly wait: number }>()
  const { resync } = exchange
  for (;;) {
    const number = yield* nextBook(resyncs, failed)
    const target = carried.find((candidate) => candidate.number === number)
    if (target === undefined) {
      failed.delete(number)
      continue
    }
    const { symbol } = target.instrument
    if (resync._tag === "Reconnect") return yield* new BookLost({ venue: exchange.id, symbol })
    const since = (yield* monotonicMillis) - (renewedAt.get(number) ?? Number.NEGATIVE_INFINITY)
    if (since < renewalGapMillis) yield* Effect.sleep(renewalGapMillis - since)
    renewedAt.set(number, yield* monotonicMillis)
    if (resync._tag === "Resubscribe") {
      const instruments = resync.wholeConnection ? carried.map(({ instrument }) => instrument) : [target.instrument]
      yield* sendPaced(exchange, socket, resync.messages(instruments))
      // One renewal of the whole connection answers all requests that came meanwhile.
      if (resync.wholeConnection) yield* Queue.clear(resyncs)
      continue
    }
    const result = yield* Effect.result(readBook(connection, target))
    if (Result.isSuccess(result)) {
      failed.delete(number)
      continue
    }
    const wait = Math.min(againMillisMax, 2 * (failed.get(number)?.wait ?? againMillis / 2))
    failed.set(number, { at: (yield* monotonicMillis) + wait, wait })
    yield* Effect.logWarning("no book snapshot", { connection: component, symbol, reason: result.failure.message, againInMillis: wait })
  }
})

/** The book that is asked for next: by the hot path, or because its last snapshot could not be had and its time has come. */
const nextBook = Effect.fnUntraced(function* (resyncs: Queue.Dequeue<number>, failed: ReadonlyMap<number, { readonly at: number }>) {
  const first = [...failed].reduce<readonly [number, number] | undefined>(
    (earliest, [number, { at }]) => (earliest === undefined || at < earliest[1] ? [number, at] : earliest),
    undefined
  )
  if (first === undefined) return yield* Queue.take(resyncs)
  const [number, at] = first
  const asked = yield* Effect.timeoutOption(Queue.take(resyncs), Math.max(0, at - (yield* monotonicMillis)))
  return Option.getOrElse(asked, () => number)
})

/** Reads all books by REST again and again, as well as they can be had without a socket. */
export const pollBooks = Effect.fnUntraced(function* (connection: Connection) {
  const { carried, component } = connection
  const health = yield* HealthRegistry
  yield* health.report(component, "degraded", "no socket can be had; books are polled")
  for (;;) {
    for (const target of carried) yield* Effect.ignore(readBook(connection, target))
    yield* Effect.sleep(pollEvery)
  }
})
