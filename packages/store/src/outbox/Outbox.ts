/**
 * Messages that were promised in the same transaction as the event behind them, until each receiver has them.
 *
 * A row leaves only by being delivered, or after `attemptsMax` tries, when it stays for people to look at. Crashes between any
 * two steps lead to a repeat under the same idempotency key, never to a loss.
 */
import { Array, Context, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"

export interface OutboxRow {
  readonly idempotencyKey: string
  readonly receiver: string
  /** Of the event behind it. */
  readonly position: number
  /** JSON. */
  readonly payload: string
}

export interface PendingRow extends OutboxRow {
  readonly attempts: number
}

/** A message that failed so often is left alone. With the backoff below this is after about two days. */
export const attemptsMax = 60

export class Outbox extends Context.Service<
  Outbox,
  {
    /** Adds rows that are not there yet; call it inside the transaction that they belong to. */
    readonly enqueue: (rows: ReadonlyArray<OutboxRow>, now: number) => Effect.Effect<void, SqlError.SqlError>
    /** The oldest undelivered rows that are due, at most `limit`, in order of their events. */
    readonly due: (now: number, limit: number) => Effect.Effect<ReadonlyArray<PendingRow>, SqlError.SqlError>
    readonly delivered: (row: OutboxRow, now: number) => Effect.Effect<void, SqlError.SqlError>
    /** Puts the row off, longer each time: 1 s doubled up to an hour. */
    readonly failed: (row: PendingRow, error: string, now: number) => Effect.Effect<void, SqlError.SqlError>
    readonly pending: Effect.Effect<number, SqlError.SqlError>
  }
>()("@evenkeel/store/outbox/Outbox") {
  static readonly layer = Layer.effect(
    Outbox,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      return Outbox.of({
        enqueue: Effect.fnUntraced(function* (rows, now) {
          const values = rows.map(({ idempotencyKey, payload, position, receiver }) => ({
            idempotency_key: idempotencyKey,
            receiver,
            position,
            payload,
            next_attempt: now
          }))
          if (Array.isArrayNonEmpty(values)) yield* sql`insert into notification ${sql.insert(values)} on conflict do nothing`
        }),
        due: (now, limit) =>
          sql<PendingRow>`
            select idempotency_key as "idempotencyKey", receiver, position::float8 as position, payload, attempts
            from notification
            where delivered_at is null and attempts < ${attemptsMax} and next_attempt <= ${now}
            order by position, receiver limit ${limit}`,
        delivered: ({ idempotencyKey, receiver }, now) =>
          Effect.asVoid(sql`
            update notification set delivered_at = ${now}, attempts = attempts + 1, last_error = null
            where receiver = ${receiver} and idempotency_key = ${idempotencyKey}`),
        failed: ({ attempts, idempotencyKey, receiver }, error, now) =>
          Effect.asVoid(sql`
            update notification
            set attempts = attempts + 1, last_error = ${error}, next_attempt = ${now + backoffMillis(attempts)}
            where receiver = ${receiver} and idempotency_key = ${idempotencyKey}`),
        pending: Effect.map(
          sql<{
            count: number
          }>`select count(*)::float8 as count from notification where delivered_at is null and attempts < ${attemptsMax}`,
          ([row]) => row?.count ?? 0
        )
      })
    })
  )
}

const backoffMillis = (attempts: number): number => Math.min(3_600_000, 1000 * 2 ** attempts)
