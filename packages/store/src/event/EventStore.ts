/**
 * What happened, once and for all: append-only, versioned by stream, in one global order, each event sealed to the one before.
 *
 * Appends take turns (a table lock), so positions have no holes and the hash chain has one end. Two writers that both believe in
 * version 3 of a stream learn of each other by `ConcurrencyConflict`.
 */
import { Array, Clock, Context, Effect, Layer, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { createHash } from "node:crypto"

export interface NewEvent {
  readonly kind: string
  readonly payload: Schema.Json
}

export const StoredEvent = Schema.Struct({
  position: Schema.Int,
  stream: Schema.String,
  version: Schema.Int,
  kind: Schema.String,
  /** JSON, exactly as it was sealed. */
  payload: Schema.String,
  recordedAt: Schema.Finite,
  previousHash: Schema.String,
  hash: Schema.String
})
export type StoredEvent = typeof StoredEvent.Type

export class EventStore extends Context.Service<
  EventStore,
  {
    /**
     * Appends to `stream`, whose version must be `expectedVersion` (0: it does not exist yet; "any": whatever it is).
     * Joins the transaction at hand, if there is one. Returns the last event's position.
     */
    readonly append: (
      stream: string,
      expectedVersion: number | "any",
      events: ReadonlyArray<NewEvent>
    ) => Effect.Effect<{ readonly position: number; readonly version: number }, ConcurrencyConflict | SqlError.SqlError>
    /** Events after `position`, in order, at most `limit`; of one stream when it is named. */
    readonly read: (options: {
      readonly after: number
      readonly limit: number
      readonly stream?: string
    }) => Effect.Effect<ReadonlyArray<StoredEvent>, SqlError.SqlError>
    /** Walks the whole chain; returns how many events it holds. */
    readonly verify: Effect.Effect<number, ChainBroken | SqlError.SqlError>
  }
>()("@evenkeel/store/event/EventStore") {
  static readonly layer = Layer.effect(
    EventStore,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient

      const append = Effect.fn("EventStore.append")(function* (
        stream: string,
        expectedVersion: number | "any",
        events: ReadonlyArray<NewEvent>
      ) {
        yield* Effect.annotateCurrentSpan({ stream, events: events.length })
        yield* sql`lock table event in exclusive mode`
        const [end] = yield* sql<{ position: number; hash: string }>`
            select position::float8 as position, hash from event order by position desc limit 1`
        const [last] = yield* sql<{
          version: number
        }>`select coalesce(max(version), 0)::float8 as version from event where stream = ${stream}`
        let version = last?.version ?? 0
        if (expectedVersion !== "any" && expectedVersion !== version) {
          return yield* new ConcurrencyConflict({ stream, expected: expectedVersion, actual: version })
        }
        const recordedAt = yield* Clock.currentTimeMillis
        let position = end?.position ?? 0
        let previousHash = end?.hash ?? genesis
        const rows: globalThis.Array<Record<string, string | number>> = []
        for (const { kind, payload } of events) {
          const unsealed = {
            position: ++position,
            stream,
            version: ++version,
            kind,
            payload: JSON.stringify(payload),
            recordedAt,
            previousHash
          }
          const hash = seal(unsealed)
          rows.push({
            position,
            stream,
            version,
            kind,
            payload: unsealed.payload,
            recorded_at: recordedAt,
            previous_hash: previousHash,
            hash
          })
          previousHash = hash
        }
        if (Array.isArrayNonEmpty(rows)) yield* sql`insert into event ${sql.insert(rows)}`
        return { position, version }
      }, sql.withTransaction)

      const read: EventStore["Service"]["read"] = ({ after, limit, stream }) =>
        sql<StoredEvent>`
          select position::float8 as position, stream, version, kind, payload, recorded_at as "recordedAt",
                 previous_hash as "previousHash", hash
          from event
          where position > ${after} ${stream === undefined ? sql`` : sql`and stream = ${stream}`}
          order by position limit ${limit}`

      const verify = Effect.gen(function* () {
        let position = 0
        let previousHash = genesis
        for (;;) {
          const page = yield* read({ after: position, limit: verifyPage })
          for (const event of page) {
            const broken =
              event.position !== position + 1
                ? `position ${position + 1} is missing`
                : event.previousHash !== previousHash
                  ? "does not follow the event before it"
                  : event.hash !== seal(event)
                    ? "was altered after it was sealed"
                    : undefined
            if (broken !== undefined) return yield* new ChainBroken({ position: event.position, problem: broken })
            position = event.position
            previousHash = event.hash
          }
          if (page.length < verifyPage) return position
        }
      })

      return EventStore.of({ append, read, verify })
    })
  )
}

/** Somebody else appended to the stream in between: read it again and decide anew. */
export class ConcurrencyConflict extends Schema.TaggedError<ConcurrencyConflict>()("ConcurrencyConflict", {
  stream: Schema.String,
  expected: Schema.Int,
  actual: Schema.Int
}) {}

/** The event at `position` is not what was once written. */
export class ChainBroken extends Schema.TaggedError<ChainBroken>()("ChainBroken", {
  position: Schema.Int,
  problem: Schema.String
}) {
  override get message() {
    return `the event at position ${this.position} ${this.problem}`
  }
}

const genesis = "0".repeat(64)
const verifyPage = 1000

const seal = (event: Omit<StoredEvent, "hash">): string =>
  createHash("sha256")
    .update(JSON.stringify([event.previousHash, event.position, event.stream, event.version, event.kind, event.payload, event.recordedAt]))
    .digest("hex")
