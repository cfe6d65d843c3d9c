/**
 * The log of what happened: append-only facts, versioned by stream, sealed in a hash chain by family, read by everyone at their own pace.
 *
 * A stream's family is the part of its name before the first `/`: `coin/USDC` is of the family `coin`. Appenders of one family take turns on the
 * end of its chain, those of different families do not wait for each other. Positions come from one sequence, so a transaction that
 * commits late may hold smaller ones than were read already. Readers therefore go by transaction, and see none before every older one is over.
 */
import { attributes, spanName, spanOptions } from "@evenkeel/runtime/telemetry/Spans"
import { Array, Clock, Context, Effect, Layer, type Option, PubSub, Schema, type Scope } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { type ChainBroken, type ChainHead, genesis, seal, verifyChain, verifyNothingBeyond } from "./Chain.ts"
import { makeSealer, sealingKey } from "./Seal.ts"
import type { SigningKey } from "./SigningKey.ts"

export interface NewEvent {
  readonly kind: string
  readonly payload: Schema.Json
  /** A fact with a key that its family has already is not appended again. A key is remembered for as long as its fact is kept. */
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
    /** Facts after `after` and up to `upTo`, at most `limit`, in an order that no transaction can still change. */
    readonly read: (options: {
      readonly after: Cursor
      readonly upTo?: Cursor
      readonly limit: number
      readonly stream?: string
      readonly families?: ReadonlyArray<string>
    }) => Effect.Effect<ReadonlyArray<StoredEvent>, SqlError.SqlError>
    /** What every stream of a family said last, also where retention has removed the fact. */
    readonly lastOfStreams: (family: string) => Effect.Effect<ReadonlyArray<LastFact>, SqlError.SqlError>
    /** The newest fact of a kind in a stream, of those that are kept. */
    readonly lastOf: (stream: string, kind: string) => Effect.Effect<Option.Option<StoredEvent>, SqlError.SqlError>
    /** The last fact that readers may see; `beginning` when there is none. */
    readonly end: Effect.Effect<Cursor, SqlError.SqlError>
    /** Waits for the next append of this process, once it is committed, since the last wait; for the scope's lifetime. */
    readonly listen: Effect.Effect<Effect.Effect<void>, never, Scope.Scope>
    /** The ends of all chains, by family. */
    readonly heads: Effect.Effect<ReadonlyArray<ChainHead>, SqlError.SqlError>
    /** The hash of a family's fact at a place in its chain; undefined when there is none, or it was removed. */
    readonly hashAt: (family: string, chainIndex: number) => Effect.Effect<string | undefined, SqlError.SqlError>
    /** Tells this log from every other, a copy of it excepted: a UUID that was drawn when its tables were made. */
    readonly id: string
    /** Walks every chain from its first fact that is kept; returns how many facts there are. */
    readonly verify: Effect.Effect<number, ChainBroken | SqlError.SqlError>
  }
>()("@evenkeel/store/event/EventStore") {
  /** Without seals: who may write the database can cut the log's end off unnoticed. */
  static readonly layer = Layer.effect(
    EventStore,
    Effect.suspend(() => makeEventStore(undefined))
  )

  /** Signs the chains' ends with the key in `keyFile`, which is made when there is none. */
  static readonly layerSealed = (keyFile: string) =>
    Layer.effect(
      EventStore,
      Effect.flatMap(sealingKey(keyFile), (key) => makeEventStore(key))
    )
}

export interface LastFact {
  readonly stream: string
  readonly position: number
  readonly kind: string
  /** JSON. */
  readonly payload: string
}

/**
 * The log was copied from another Postgres server. Facts are ordered by their transaction's number, and this server's numbers are behind theirs:
 * new facts would come before old ones, and whoever follows the log would never see them.
 */
export class LogOfAnotherServer extends Schema.TaggedError<LogOfAnotherServer>()("LogOfAnotherServer", {
  newest: Schema.String,
  next: Schema.String
}) {
  override get message() {
    return `the log was copied from another Postgres server: its newest transaction is ${this.newest}, and the next one of this server would be ${this.next}\nstop this server and run pg_resetwal --next-transaction-id with a number above ${this.newest}, or restore the server as a whole (pg_basebackup)`
  }
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

/** The columns of a `StoredEvent`. */
export const eventColumns = `transaction_id::text as transaction, position::float8 as position, stream, family, version, kind, payload,
  recorded_at as "recordedAt", chain_index::float8 as "chainIndex", previous_hash as "previousHash", hash`

/** Only facts of transactions that no open one is older than. */
const settled = "transaction_id < pg_snapshot_xmin(pg_current_snapshot())"

const makeEventStore = Effect.fnUntraced(function* (key: SigningKey | undefined) {
  const sql = yield* SqlClient.SqlClient
  // One signal that waits already stands for all.
  const appended = yield* PubSub.sliding<void>(1)
  const [ahead] = yield* sql<{ newest: string; next: string }>`
    select newest::text as newest, pg_snapshot_xmax(pg_current_snapshot())::text as next
    from (select max(transaction_id) as newest from (
      (select transaction_id from event order by transaction_id desc limit 1) union all select transaction_id from consumer
    ) as numbers) as log
    where newest > pg_snapshot_xmax(pg_current_snapshot())`
  if (ahead !== undefined) return yield* new LogOfAnotherServer(ahead)
  const [store] = yield* sql<{ id: string }>`select id::text as id from store`
  const sealEnd = key === undefined ? undefined : yield* makeSealer(store!.id, key)

  const append = Effect.fn(spanName("factAppended"), spanOptions("factAppended"))(function* (
    stream: string,
    expectedVersion: number | "any",
    events: ReadonlyArray<NewEvent>
  ) {
    yield* Effect.annotateCurrentSpan({ [attributes.stream]: stream, "messaging.batch.message_count": events.length })
    const family = familyOf(stream)
    // The row of the chain's end is what appenders of the family take turns on.
    const [end] = yield* sql<{ length: number; hash: string }>`
      insert into event_chain (family, length, hash) values (${family}, 0, ${genesis})
      on conflict (family) do update set length = event_chain.length
      returning length::float8 as length, hash`
    const [last] = yield* sql<{ version: number; position: number }>`
      select version::float8 as version, position::float8 as position from event_stream where stream = ${stream}`
    let version = last?.version ?? 0
    if (expectedVersion !== "any" && expectedVersion !== version) {
      return yield* new ConcurrencyConflict({ stream, expected: expectedVersion, actual: version })
    }
    const keys = events.flatMap(({ key }) => (key === undefined ? [] : [key]))
    const known = Array.isReadonlyArrayNonEmpty(keys)
      ? yield* sql<{ key: string; position: number }>`
          select key, position::float8 as position from event where family = ${family} and key in ${sql.in(keys)}`
      : []
    const seen = new Set(known.map(({ key }) => key))
    const fresh = events.filter(({ key }) => key === undefined || (!seen.has(key) && seen.add(key)))
    const before = Math.max(last?.position ?? 0, ...known.map(({ position }) => position))
    if (!Array.isReadonlyArrayNonEmpty(fresh)) return { position: before, version, appended: 0 }
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
    const position = Math.max(...positions.map((row) => row.position))
    yield* sql`update event_chain set length = ${chainIndex}, hash = ${previousHash} where family = ${family}`
    if (sealEnd !== undefined) yield* sealEnd({ family, ...end! }, { family, length: chainIndex, hash: previousHash })
    yield* sql`
      insert into event_stream ${sql.insert({ stream, version, position, kind: rows.at(-1)!.kind, payload: rows.at(-1)!.payload })}
      on conflict (stream) do update set version = excluded.version, position = excluded.position,
        kind = excluded.kind, payload = excluded.payload`
    yield* sql.afterCommit(Effect.asVoid(PubSub.publish(appended, undefined)))
    return { position, version, appended: rows.length }
  }, sql.withTransaction)

  const read: EventStore["Service"]["read"] = ({ after, families, limit, stream, upTo }) =>
    sql<StoredEvent>`
      select ${sql.literal(eventColumns)} from event
      where (transaction_id, position) > (${after.transaction}::xid8, ${after.position}) and ${sql.literal(settled)}
        ${upTo === undefined ? sql`` : sql`and (transaction_id, position) <= (${upTo.transaction}::xid8, ${upTo.position})`}
        ${stream === undefined ? sql`` : sql`and stream = ${stream}`}
        ${families === undefined ? sql`` : sql`and family in ${sql.in(families)}`}
      order by transaction_id, position limit ${limit}`

  const lastOfStreams: EventStore["Service"]["lastOfStreams"] = (family) =>
    sql<LastFact>`
      select stream, position::float8 as position, kind, payload from event_stream
      where split_part(stream, '/', 1) = ${family} and kind is not null order by stream`

  const lastOf: EventStore["Service"]["lastOf"] = (stream, kind) =>
    Effect.map(
      sql<StoredEvent>`
        select ${sql.literal(eventColumns)} from event where stream = ${stream} and kind = ${kind} order by version desc limit 1`,
      Array.head
    )

  const end = Effect.map(
    sql<Cursor>`
      select transaction_id::text as transaction, position::float8 as position from event
      where ${sql.literal(settled)} order by transaction_id desc, position desc limit 1`,
    ([last]) => last ?? beginning
  )

  const heads = sql<ChainHead>`select family, length::float8 as length, hash from event_chain order by family`

  const hashAt: EventStore["Service"]["hashAt"] = (family, chainIndex) =>
    Effect.map(sql<{ hash: string }>`select hash from event where family = ${family} and chain_index = ${chainIndex}`, ([row]) => row?.hash)

  const verify = Effect.gen(function* () {
    const counts = yield* Effect.forEach(yield* heads, verifyChain)
    yield* verifyNothingBeyond
    return counts.reduce((sum, count) => sum + count, 0)
  }).pipe(Effect.provideService(SqlClient.SqlClient, sql))

  return EventStore.of({
    id: store!.id,
    append,
    read,
    lastOfStreams,
    lastOf,
    end,
    listen: Effect.map(PubSub.subscribe(appended), (subscription) => Effect.asVoid(PubSub.take(subscription))),
    heads,
    hashAt,
    verify
  })
})
