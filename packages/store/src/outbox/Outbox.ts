/**
 * Notifications that were promised in the same transaction as the fact behind them, until each receiver has them.
 *
 * Whoever sends claims rows first, for as long as a lease lasts: engines that share a database do not send the same row, and what a killed
 * engine had claimed is claimed again under the same idempotency key. Only the oldest undelivered row of an alert can be claimed, so a receiver
 * sees an alert's notifications in order, while other alerts and other receivers go on. After `attemptsMax` attempts a row is abandoned, and of more
 * rows than are kept waiting, those that matter least.
 *
 * Callers give their own time, Unix ms; rows hold the database's, so that engines with clocks apart agree on what is due and whose lease is over.
 */
import { plainText } from "@evenkeel/runtime/telemetry/PlainText"
import { Array, Context, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { measureDatabaseOffset } from "../database/DatabaseClock.ts"

export interface OutboxRow {
  readonly receiver: string
  readonly idempotencyKey: string
  /** Rows of one fingerprint are delivered in order. */
  readonly fingerprint: string
  /** Of the fact behind it. */
  readonly position: number
  /** What is due and has a higher one goes first, and takes with it what stands before it under its fingerprint; 0 when left out. */
  readonly priority?: number
  /** JSON. */
  readonly payload: string
}

export interface ClaimedRow extends OutboxRow {
  readonly priority: number
  /** Who holds the claim. */
  readonly owner: string
  /** Attempts so far. */
  readonly attempts: number
}

/**
 * What is put off or claimed for longer than can be, and by more than this, was so under a clock that has been set right since: it is due now.
 * Engines on one database whose clocks differ by more may both send a notification.
 */
const clockSkewMillisMax = 60_000
const backoffMillisMax = 3_600_000
const backoffMillis = (attempts: number): number => Math.min(backoffMillisMax, 1000 * 2 ** attempts)

/** A row that was given up; kept for as long as delivered ones are. */
export interface AbandonedRow {
  readonly receiver: string
  readonly idempotencyKey: string
  /** JSON. */
  readonly payload: string
  readonly attempts: number
  /** Unix ms. */
  readonly abandonedAt: number
  readonly problem: string
}

/** With the backoff below, a row is abandoned after about two days. */
export const attemptsMax = 60

export class Outbox extends Context.Service<
  Outbox,
  {
    /** Adds rows that are not there yet; call it inside the transaction that they belong to. */
    readonly enqueue: (rows: ReadonlyArray<OutboxRow>, now: number) => Effect.Effect<void, SqlError.SqlError>
    /** Claims rows of a receiver that are due, at most one of an alert and `limit` in all: the highest priority first, and then the oldest. */
    readonly claim: (options: {
      readonly receiver: string
      readonly owner: string
      readonly now: number
      readonly leaseMillis: number
      readonly limit: number
    }) => Effect.Effect<ReadonlyArray<ClaimedRow>, SqlError.SqlError>
    readonly delivered: (
      rows: ReadonlyArray<Pick<OutboxRow, "receiver" | "idempotencyKey">>,
      now: number
    ) => Effect.Effect<void, SqlError.SqlError>
    /**
     * Puts the row off, longer each time (1 s doubled up to an hour) and for `pauseMillis` at least, of which a minute counts, or abandons it, which the caller reports. Changes nothing once the lease is
     * over and somebody else has claimed or delivered the row.
     */
    readonly failed: (
      row: ClaimedRow,
      problem: string,
      now: number,
      pauseMillis?: number
    ) => Effect.Effect<{ readonly abandoned: boolean }, SqlError.SqlError>
    /**
     * Abandons the oldest of lowest priority among a receiver's waiting rows, beyond `keepMax` of them, each with what waits behind it under its
     * fingerprint: that something is over means nothing to those who were never told of it. How many.
     */
    readonly trim: (options: {
      readonly receiver: string
      readonly keepMax: number
      readonly now: number
    }) => Effect.Effect<number, SqlError.SqlError>
    /** Gives back what `owner` has claimed (for one receiver, where it is named) and not delivered, so that nobody has to wait until its leases are over. */
    readonly release: (owner: string, receiver?: string) => Effect.Effect<void, SqlError.SqlError>
    /** Rows that wait, of all receivers. */
    readonly pending: Effect.Effect<number, SqlError.SqlError>
    /** Rows that wait for receivers other than these. */
    readonly orphans: (
      receivers: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyArray<{ readonly receiver: string; readonly count: number }>, SqlError.SqlError>
    /** How many rows were given up and are kept, by receiver. */
    readonly abandonedCounts: Effect.Effect<ReadonlyArray<{ readonly receiver: string; readonly count: number }>, SqlError.SqlError>
    /** Rows that were given up, newest first. */
    readonly abandoned: (limit: number) => Effect.Effect<ReadonlyArray<AbandonedRow>, SqlError.SqlError>
    /** Removes rows that were delivered or abandoned before `before`, and the oldest beyond the newest `keepMax` of them; how many. */
    readonly removeOver: (options: { readonly before: number; readonly keepMax: number }) => Effect.Effect<number, SqlError.SqlError>
  }
>()("@evenkeel/store/outbox/Outbox") {
  static readonly layer = Layer.effect(
    Outbox,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const offset = yield* measureDatabaseOffset
      const waiting = sql.literal("delivered_at is null and abandoned_at is null")
      return Outbox.of({
        enqueue: Effect.fnUntraced(function* (rows, now) {
          const values = rows.map(({ fingerprint, idempotencyKey, payload, position, priority = 0, receiver }) => ({
            receiver,
            idempotency_key: idempotencyKey,
            fingerprint,
            position,
            priority,
            payload,
            next_attempt: now + offset
          }))
          if (Array.isArrayNonEmpty(values)) yield* sql`insert into notification ${sql.insert(values)} on conflict do nothing`
          const urgent = rows.filter(({ priority = 0 }) => priority > 0)
          if (urgent.length > 0)
            yield* sql`
              update notification as earlier set priority = later.priority
              from json_to_recordset(${JSON.stringify(urgent)}::json) as later (receiver text, fingerprint text, position float8, priority int)
              where earlier.receiver = later.receiver and earlier.fingerprint = later.fingerprint
                and earlier.position < later.position and earlier.priority < later.priority
                and earlier.delivered_at is null and earlier.abandoned_at is null`
        }),
        claim: ({ leaseMillis, limit, now, owner, receiver }) =>
          // A row that another engine has locked is skipped, and holds back the later ones of its alert: it is still undelivered.
          Effect.map(
            sql<ClaimedRow>`
              with head as (
                select receiver, idempotency_key from notification as row
                where receiver = ${receiver} and ${waiting}
                  and (next_attempt <= ${now + offset} or next_attempt > ${now + offset + clockSkewMillisMax}
                    + case attempts when 0 then 0 else least(${backoffMillisMax}, 1000 * power(2, attempts - 1)) end)
                  and (lease_until is null or lease_until <= ${now + offset} or lease_until > ${now + offset + leaseMillis + clockSkewMillisMax})
                  and not exists (
                    select 1 from notification as earlier
                    where earlier.receiver = row.receiver and earlier.fingerprint = row.fingerprint
                      and earlier.delivered_at is null and earlier.abandoned_at is null
                      and (earlier.position, earlier.idempotency_key) < (row.position, row.idempotency_key)
                  )
                order by priority desc, position, idempotency_key limit ${limit}
                for update skip locked
              )
              update notification set lease_owner = ${owner}, lease_until = ${now + offset + leaseMillis}
              from head where notification.receiver = head.receiver and notification.idempotency_key = head.idempotency_key
              returning notification.receiver, notification.idempotency_key as "idempotencyKey", fingerprint,
                        position::float8 as position, priority, payload, attempts, lease_owner as owner`,
            (rows) => [...rows].sort((a, b) => b.priority - a.priority || a.position - b.position)
          ),
        delivered: (rows, now) =>
          Effect.asVoid(sql`
            update notification
            set delivered_at = ${now + offset}, attempts = attempts + 1, last_error = null, lease_owner = null, lease_until = null
            from json_to_recordset(${JSON.stringify(rows.map(({ idempotencyKey, receiver }) => ({ receiver, key: idempotencyKey })))}::json)
              as taken (receiver text, key text)
            where notification.receiver = taken.receiver and notification.idempotency_key = taken.key`),
        failed: ({ attempts, idempotencyKey, owner, receiver }, problem, now, pauseMillis = 0) =>
          Effect.map(
            sql<{ abandoned: boolean }>`
              update notification
              set attempts = attempts + 1, last_error = ${plainText(problem)}, next_attempt = ${now + offset + Math.max(backoffMillis(attempts), Math.min(pauseMillis, clockSkewMillisMax))},
                  abandoned_at = ${attempts + 1 >= attemptsMax ? now + offset : null}, lease_owner = null, lease_until = null
              where receiver = ${receiver} and idempotency_key = ${idempotencyKey} and lease_owner = ${owner} and ${waiting}
              returning abandoned_at is not null as abandoned`,
            ([row]) => ({ abandoned: row?.abandoned ?? false })
          ),
        trim: Effect.fnUntraced(function* ({ keepMax, now, receiver }) {
          const trimmed = yield* sql<{ count: number }>`
            with least as (
              select idempotency_key, fingerprint, position, lease_owner from notification where receiver = ${receiver} and ${waiting}
              order by priority, position, idempotency_key
              limit greatest(0, (select count(*) from notification where receiver = ${receiver} and ${waiting}) - ${keepMax})
              for update skip locked
            ), oldest as (
              select distinct on (fingerprint) fingerprint, position, idempotency_key from least where lease_owner is null
              order by fingerprint, position, idempotency_key
            ), trimmed as (
              -- What stands behind is not more urgent: what is urgent lifts what stands before it when it is enqueued.
              update notification as row set abandoned_at = ${now + offset}, last_error = 'too many notifications waited'
              from oldest where row.receiver = ${receiver} and row.fingerprint = oldest.fingerprint and ${waiting} and row.lease_owner is null
                and (row.position, row.idempotency_key) >= (oldest.position, oldest.idempotency_key)
              returning 1
            )
            select count(*)::float8 as count from trimmed`
          return trimmed[0]?.count ?? 0
        }),
        release: (owner, receiver) =>
          Effect.asVoid(sql`
            update notification set lease_owner = null, lease_until = null
            where lease_owner = ${owner} and ${waiting} ${receiver === undefined ? sql`` : sql`and receiver = ${receiver}`}`),
        pending: Effect.map(
          sql<{ count: number }>`select count(*)::float8 as count from notification where ${waiting}`,
          ([row]) => row?.count ?? 0
        ),
        orphans: (receivers) =>
          sql<{ receiver: string; count: number }>`
            select receiver, count(*)::float8 as count from notification
            where ${waiting} ${Array.isReadonlyArrayNonEmpty(receivers) ? sql`and receiver not in ${sql.in(receivers)}` : sql``}
            group by receiver order by receiver`,
        abandonedCounts: sql<{ receiver: string; count: number }>`
          select receiver, count(*)::float8 as count from notification
          where abandoned_at is not null group by receiver order by receiver`,
        abandoned: (limit) =>
          sql<AbandonedRow>`
            select receiver, idempotency_key as "idempotencyKey", payload, attempts::float8 as attempts, abandoned_at as "abandonedAt",
                   coalesce(last_error, '') as problem
            from notification where abandoned_at is not null order by abandoned_at desc, idempotency_key limit ${limit}`,
        removeOver: Effect.fnUntraced(function* ({ before, keepMax }) {
          const over = sql.literal("coalesce(delivered_at, abandoned_at)")
          const [beyond] = yield* sql<{ at: number }>`select ${over} as at from notification where ${over} is not null
            order by ${over} desc offset ${keepMax} limit 1`
          const removed = yield* sql<{ count: number }>`
            with removed as (delete from notification where ${over} < ${before + offset} or ${over} <= ${beyond?.at ?? null} returning 1)
            select count(*)::float8 as count from removed`
          return removed[0]?.count ?? 0
        })
      })
    })
  )
}

/** Gives back every claim, whoever holds it: right only where no other process has the database open. */
export const releaseEveryClaim = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql`update notification set lease_owner = null, lease_until = null where lease_owner is not null`
)
