/**
 * The log of what happened: append-only facts, versioned by stream, sealed in a hash chain by family, read by everyone at their own pace.
 *
 * A stream's family is the part of its name before the first `/`: `coin/USDC` is of the family `coin`. Appenders of one family take turns on the
 * end of its chain, those of different families do not wait for each other. Positions come from one sequence, so a transaction that
 * commits late may hold smaller ones than were read already; readers therefore go by transaction, and see none before every older one is over.
 */
import { Array, Clock, Context, Effect, Layer, PubSub, Schema, type Scope } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { createHash } from "node:crypto"

export interface NewEvent {
  readonly kind: string
  readonly payload: Schema.Json
  /** A fact with a key that its family has already is not appended again. */
  readonly key?: string
}

export const StoredEvent = Schema.Struct({
  /** Of the transaction that appended it; with `position` it says where the fact stands for readers. */
  transaction: Schema.String,
  position: Schema.Int,
  stream: Schema.String,
  family: Schema.String,
  version: Schema.Int,
  kind: Schema.String,
  /** JSON, exactly as it was sealed. */
  payload: Schema.String,
  recordedAt: Schema.Finite,
  /** Place in the family's chain, from 1. */
  chainIndex: Schema.Int,
  previousHash: Schema.String,
  hash: Schema.String
})
export type StoredEvent = typeof StoredEvent.Type

/** How far a reader has come: everything up to this fact. */
export const Cursor = Schema.Struct({ transaction: Schema.String, position: Schema.Int })
export type Cursor = typeof Cursor.Type
export const beginning: Cursor = { transaction: "0", position: 0 }

/** The end of a family's chain. */
export const ChainHead = Schema.Struct({ family: Schema.String, length: Schema.Int, hash: Schema.String })
export type ChainHead = typeof ChainHead.Type

export class EventStore extends Context.Service<
  EventStore,
  {
    /**
     * Appends to `stream`, whose version must be `expectedVersion` (0: it does not exist yet; "any": whatever it is).
     * Joins the transaction at hand, if there is one. Returns where the last of them stands, be it from now or from before.
     */
    readonly append: (
      stream: string,
      expectedVersion: number | "any",
      events: ReadonlyArray<NewEvent>
    ) => Effect.Effect<Appended, ConcurrencyConflict | SqlError.SqlError>
    /** Facts after `after` that no older transaction can still get in front of, at most `limit`. */
    readonly read: (options: {
      readonly after: Cursor
      readonly limit: number
      readonly stream?: string
      readonly families?: ReadonlyArray<string>
    }) => Effect.Effect<ReadonlyArray<StoredEvent>, SqlError.SqlError>
    /** Waits for the next append of this process since the last wait; for the scope's lifetime. */
    readonly listen: Effect.Effect<Effect.Effect<void>, never, Scope.Scope>
    /** Wakes the listeners: an append inside a larger transaction is seen once that is committed. */
    readonly announce: Effect.Effect<void>
    /** The ends of all chains, by family. */
    readonly heads: Effect.Effect<ReadonlyArray<ChainHead>, SqlError.SqlError>
    /** The hash of a family's fact at a place in its chain. */
    readonly hashAt: (family: string, chainIndex: number) => Effect.Effect<string | undefined, SqlError.SqlError>
    /** Walks every chain from its first fact that is kept; returns how many facts there are. */
    readonly verify: Effect.Effect<number, ChainBroken | SqlError.SqlError>
  }
>()("@evenkeel/store/event/EventStore") {
  static readonly layer = Layer.effect(
    EventStore,
    Effect.suspend(() => makeEventStore)
  )
}

export interface Appended {
  readonly position: number
  readonly version: number
  /** How many were new; those whose key was known are not. */
  readonly appended: number
}

export const familyOf = (stream: string): string => stream.split("/", 1)[0]!

/** Somebody else appended to the stream in between: read it again and decide anew. */
export class ConcurrencyConflict extends Schema.TaggedError<ConcurrencyConflict>()("ConcurrencyConflict", {
  stream: Schema.String,
  expected: Schema.Int,
  actual: Schema.Int
}) {
  override get message() {
    return `${this.stream} is at version ${this.actual}, not at ${this.expected}`
  }
}

/** A chain is not what was once written. */
export class ChainBroken extends Schema.TaggedError<ChainBroken>()("ChainBroken", {
  family: Schema.String,
  chainIndex: Schema.Int,
  problem: Schema.String
}) {
  override get message() {
    return `fact ${this.chainIndex} of the family ${this.family} ${this.problem}`
  }
}

/** What the first fact of a chain follows. */
export const genesis = "0".repeat(64)
const verifyPage = 1000

const makeEventStore = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  // One that waits already stands for all.
  const appended = yield* PubSub.sliding<void>(1)
  const announce = Effect.asVoid(PubSub.publish(appended, undefined))

  const append = Effect.fn("EventStore.append")(
    function* (stream: string, expectedVersion: number | "any", events: ReadonlyArray<NewEvent>) {
      yield* Effect.annotateCurrentSpan({ stream, events: events.length })
      const family = familyOf(stream)
      // The row of the chain's end is what appenders of the family take turns on.
      const [end] = yield* sql<{ length: number; hash: string }>`
      insert into event_chain (family, length, hash) values (${family}, 0, ${genesis})
      on conflict (family) do update set length = event_chain.length
      returning length::float8 as length, hash`
      const [last] = yield* sql<{ version: number; position: number }>`
      select coalesce(max(version), 0)::float8 as version, coalesce(max(position), 0)::float8 as position
      from event where stream = ${stream}`
      let version = last!.version
      if (expectedVersion !== "any" && expectedVersion !== version) {
        return yield* new ConcurrencyConflict({ stream, expected: expectedVersion, actual: version })
      }
      const keys = events.flatMap(({ key }) => (key === undefined ? [] : [key]))
      const known = Array.isReadonlyArrayNonEmpty(keys)
        ? yield* sql<{ key: string; position: number }>`
          select key, position::float8 as position from event where family = ${family} and key in ${sql.in(keys)}`
        : []
      const fresh = events.filter(({ key }) => key === undefined || !known.some((event) => event.key === key))
      if (!Array.isReadonlyArrayNonEmpty(fresh)) {
        return { position: Math.max(last!.position, ...known.map(({ position }) => position)), version, appended: 0 }
      }
      const recordedAt = yield* Clock.currentTimeMillis
      let chainIndex = end!.length
      let previousHash = end!.hash
      const rows = Array.map(fresh, ({ key, kind, payload }) => {
        const unsealed = {
          stream,
          version: ++version,
          kind,
          payload: JSON.stringify(payload),
          recordedAt,
          chainIndex: ++chainIndex,
          previousHash
        }
        const hash = seal(unsealed)
        previousHash = hash
        return {
          stream,
          family,
          version,
          kind,
          payload: unsealed.payload,
          key: key ?? null,
          recorded_at: recordedAt,
          chain_index: chainIndex,
          previous_hash: unsealed.previousHash,
          hash
        }
      })
      const positions = yield* sql<{ position: number }>`
      insert into event ${sql.insert(rows)} returning position::float8 as position`
      yield* sql`update event_chain set length = ${chainIndex}, hash = ${previousHash} where family = ${family}`
      return { position: Math.max(...positions.map(({ position }) => position)), version, appended: rows.length }
    },
    sql.withTransaction,
    Effect.tap(announce)
  )

  const columns = sql.literal(
    `transaction_id::text as transaction, position::float8 as position, stream, family, version, kind, payload,
     recorded_at as "recordedAt", chain_index::float8 as "chainIndex", previous_hash as "previousHash", hash`
  )
  const read: EventStore["Service"]["read"] = ({ after, families, limit, stream }) =>
    sql<StoredEvent>`
      select ${columns} from event
      where (transaction_id, position) > (${after.transaction}::xid8, ${after.position})
        and transaction_id < pg_snapshot_xmin(pg_current_snapshot())
        ${stream === undefined ? sql`` : sql`and stream = ${stream}`}
        ${families === undefined ? sql`` : sql`and family in ${sql.in(families)}`}
      order by transaction_id, position limit ${limit}`

  const heads = sql<ChainHead>`select family, length::float8 as length, hash from event_chain order by family`

  const hashAt: EventStore["Service"]["hashAt"] = (family, chainIndex) =>
    Effect.map(sql<{ hash: string }>`select hash from event where family = ${family} and chain_index = ${chainIndex}`, ([row]) => row?.hash)

  /** Walks one family's chain from what retention left of it. */
  const verifyFamily = Effect.fnUntraced(function* ({ family, hash, length }: ChainHead) {
    const broken = (chainIndex: number, problem: string) => new ChainBroken({ family, chainIndex, problem })
    const [anchor] = yield* sql<{ chainIndex: number; hash: string }>`
      select chain_index::float8 as "chainIndex", hash from event_anchor where family = ${family}`
    let index = anchor?.chainIndex ?? 0
    let previousHash = anchor?.hash ?? genesis
    let count = 0
    for (;;) {
      const page: ReadonlyArray<StoredEvent> = yield* sql<StoredEvent>`
        select ${columns} from event where family = ${family} and chain_index > ${index} order by chain_index limit ${verifyPage}`
      for (const event of page) {
        if (event.chainIndex !== index + 1) return yield* broken(index + 1, "is missing")
        if (event.previousHash !== previousHash) return yield* broken(event.chainIndex, "does not follow the fact before it")
        if (event.hash !== seal(event)) return yield* broken(event.chainIndex, "was altered after it was sealed")
        index = event.chainIndex
        previousHash = event.hash
        count++
      }
      if (page.length < verifyPage) break
    }
    if (index !== length || previousHash !== hash) return yield* broken(index + 1, `is missing: the chain had ${length} facts`)
    return count
  })

  return EventStore.of({
    append,
    read,
    listen: Effect.map(PubSub.subscribe(appended), (subscription) => Effect.asVoid(PubSub.take(subscription))),
    announce,
    heads,
    hashAt,
    verify: Effect.flatMap(heads, (all) =>
      Effect.map(Effect.forEach(all, verifyFamily), (counts) => counts.reduce((sum, count) => sum + count, 0))
    )
  })
})

const seal = (event: Omit<StoredEvent, "hash" | "transaction" | "position" | "family">): string =>
  createHash("sha256")
    .update(
      JSON.stringify([event.previousHash, event.chainIndex, event.stream, event.version, event.kind, event.payload, event.recordedAt])
    )
    .digest("hex")
