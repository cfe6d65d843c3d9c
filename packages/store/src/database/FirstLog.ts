/**
 * Moves what the first version of the log wrote (tables `event_v1` and `notification_v1`) into the present tables.
 *
 * Its events become facts of the family `legacy`, word for word and sealed anew; the first fact of that family records whether the old chain
 * held. Notifications that still waited for a receiver are delivered: their level changes get the evidence that they had, the drivers.
 */
import { Clock, Effect } from "effect"
import { SqlClient } from "effect/sql"
import { createHash } from "node:crypto"
import { genesis, seal } from "../event/Chain.ts"

interface FirstEvent {
  readonly position: number
  readonly stream: string
  readonly version: number
  readonly kind: string
  readonly payload: string
  readonly recordedAt: number
  readonly previousHash: string
  readonly hash: string
}

const family = "legacy"
const page = 1000

const hashOf = ({ kind, payload, position, previousHash, recordedAt, stream, version }: FirstEvent): string =>
  createHash("sha256")
    .update(JSON.stringify([previousHash, position, stream, version, kind, payload, recordedAt]))
    .digest("hex")

const eventsAfter = Effect.fnUntraced(function* (position: number) {
  const sql = yield* SqlClient.SqlClient
  return yield* sql<FirstEvent>`
    select position::float8 as position, stream, version, kind, payload, recorded_at as "recordedAt",
           previous_hash as "previousHash", hash
    from event_v1 where position > ${position} order by position limit ${page}`
})

/** Walks the old chain; where it breaks, if it does. */
const walk = Effect.gen(function* () {
  let count = 0
  let hash = genesis
  let brokenAt: number | null = null
  for (;;) {
    const events: ReadonlyArray<FirstEvent> = yield* eventsAfter(count)
    for (const event of events) {
      if (event.position !== count + 1 || event.previousHash !== hash || event.hash !== hashOf(event)) brokenAt ??= event.position
      count = event.position
      hash = event.hash
    }
    if (events.length < page) return { count, hash, brokenAt }
  }
})

const moveEvents = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const { brokenAt, count, hash: oldHash } = yield* walk
  if (count === 0) return
  let chainIndex = 0
  let previousHash = genesis
  const insert = Effect.fnUntraced(function* (events: ReadonlyArray<Omit<FirstEvent, "position" | "previousHash" | "hash">>) {
    const rows = events.map(({ kind, payload, recordedAt, stream, version }) => {
      const sealed = { stream, version, kind, payload, recordedAt, chainIndex: ++chainIndex, previousHash }
      const hash = seal(sealed)
      previousHash = hash
      return {
        stream,
        family,
        version,
        kind,
        payload,
        recorded_at: recordedAt,
        chain_index: chainIndex,
        previous_hash: sealed.previousHash,
        hash
      }
    })
    const [first, ...rest] = rows
    if (first !== undefined) yield* sql`insert into event ${sql.insert([first, ...rest])}`
  })
  const recordedAt = yield* Clock.currentTimeMillis
  const payload = JSON.stringify({ events: count, hash: oldHash, brokenAt })
  yield* insert([{ stream: `${family}/log`, version: 1, kind: "LogMoved", payload, recordedAt }])
  for (let position = 0; position < count;) {
    const events: ReadonlyArray<FirstEvent> = yield* eventsAfter(position)
    yield* insert(events.map((event) => ({ ...event, stream: `${family}/${event.stream}` })))
    position = events.at(-1)!.position
  }
  yield* sql`insert into event_chain (family, length, hash) values (${family}, ${chainIndex}, ${previousHash})`
  yield* sql`
    insert into event_stream (stream, version, position)
    select stream, max(version), max(position) from event where family = ${family} group by stream`
})

const moveNotifications = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    insert into notification (receiver, idempotency_key, fingerprint, position, payload, attempts, next_attempt, last_error)
    select receiver, idempotency_key, payload::jsonb #>> '{alert,fingerprint}', position,
      jsonb_set(payload::jsonb #- '{alert,change,reason}', '{alert,change,evidence}', jsonb_build_object(
        'baselineBps', null, 'beyond', null, 'flow', null, 'carrier', null, 'grounded', true, 'model', null,
        'drivers', coalesce(payload::jsonb #> '{alert,change,drivers}', '[]'::jsonb)))::text,
      attempts, next_attempt, last_error
    from notification_v1 where delivered_at is null and payload::jsonb #>> '{alert,fingerprint}' is not null
    on conflict do nothing`
})

export const moveFirstLog = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* moveEvents
  yield* moveNotifications
  yield* sql`drop table event_v1`
  yield* sql`drop table notification_v1`
})
