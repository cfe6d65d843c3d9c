/**
 * Finds connections that are open and dead: those on which nothing comes, and those on which signs of life come and no data.
 */
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { monotonicMillis } from "@evenkeel/runtime/time/Monotonic"
import { Duration, Effect } from "effect"
import { type Connection, NothingCarried, VenueSilent } from "./Connection.ts"
import { FrameSink } from "./FrameSink.ts"
import { levelsDigest } from "./LevelsDigest.ts"

/** Books that are compared when a quiet connection is put to the test. */
const booksComparedMax = 5

/** When the connection's last frames came, Unix ms on the Effect clock. */
export interface LastSeen {
  /** Of any kind, pings included. */
  sign: number
  /** With data in it. */
  data: number
}

/** Ends a connection on which nothing has come for the venue's `silenceMax`, or that carries nothing any more. */
export const endWhenSilent = Effect.fnUntraced(function* ({ carried, exchange }: Connection, last: LastSeen) {
  const silenceMax = Duration.toMillis(Duration.fromInputUnsafe(exchange.silenceMax))
  for (;;) {
    yield* Effect.sleep(silenceMax / 4)
    if (carried.length === 0) return yield* new NothingCarried()
    const silentMillis = (yield* monotonicMillis) - last.sign
    if (silentMillis > silenceMax) return yield* new VenueSilent({ venue: exchange.id, silentMillis, of: "everything" })
  }
})

/**
 * Tells a quiet market from a connection without data: after `quietMax` without data some books are read by REST, and again a `quietMax`
 * later. If one has changed meanwhile and the socket still brought nothing, the connection is dead.
 */
export const endWhenWithoutData = Effect.fnUntraced(function* ({ carried, connection, exchange, rest, venue }: Connection, last: LastSeen) {
  const sink = yield* FrameSink
  const quietMax = Duration.toMillis(Duration.fromInputUnsafe(exchange.quietMax))
  let digests = new Map<number, number>()
  for (;;) {
    yield* Effect.sleep(quietMax)
    const now = yield* monotonicMillis
    if (now - last.data < quietMax) {
      digests = new Map()
      continue
    }
    for (const target of carried.slice(0, booksComparedMax)) {
      const { instrument, number } = target
      const bytes = yield* rest.book(instrument.symbol).pipe(Effect.orElseSucceed(() => undefined))
      // Data came while the book was being read: the connection works.
      if (bytes === undefined || last.data >= now) continue
      const digest = levelsDigest(bytes)
      const before = digests.get(number)
      if (before !== undefined && before !== digest)
        return yield* new VenueSilent({ venue: exchange.id, silentMillis: now - last.data, of: "data" })
      digests.set(number, digest)
      if (exchange.resync._tag === "Snapshot" && carried.includes(target))
        sink.offer(FrameSource.snapshot, venue, connection, number, bytes)
    }
  }
})
