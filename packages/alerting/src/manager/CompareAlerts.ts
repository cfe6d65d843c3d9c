/**
 * Compares the table of alerts, and the notifications that are kept, with the facts in the log.
 *
 * Each time that a group was told is a fact, with the digest of what was promised to which receivers. Notifications that were delivered are removed by
 * retention, so that one is missed only where the fact is younger than what retention keeps.
 */
import { differencesOf, hasFirstLog, type Row } from "@evenkeel/store/event/Differences"
import { beginning, EventStore, type StoredEvent } from "@evenkeel/store/event/EventStore"
import { foldFacts } from "@evenkeel/store/event/Projection"
import { Effect, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { digestOf, Notified, notifiedFamily } from "../group/Notified.ts"
import { rowOf } from "./AlertTable.ts"
import { AlertState } from "./Decide.ts"
import { alertsFamily } from "./RebuildAlerts.ts"

const decodeState = Schema.decodeUnknownEffect(Schema.fromJsonString(AlertState))
const decodeNotified = Schema.decodeUnknownEffect(Schema.fromJsonString(Notified))
/** Facts or notifications that are looked at in one statement. */
const page = 1000

/** What differs, in words. Call it in a transaction; `keptSince` in Unix ms: notifications of later facts must be there. */
export const compareAlerts = Effect.fn("compareAlerts")(function* (keptSince: number) {
  const sql = yield* SqlClient.SqlClient
  const events = yield* EventStore
  const expected = new Map<string, Row>()
  yield* foldFacts({
    families: [alertsFamily],
    clear: Effect.void,
    apply: ({ payload }) => Effect.map(decodeState(payload), (state) => expected.set(state.alert.fingerprint, rowOf(state)))
  })
  const rows = yield* sql<Row & { fingerprint: string }>`
    select fingerprint, status, labels, level, starts_at, ends_at, opened_position::float8 as opened_position, position::float8 as position, change, rule,
           closed_reason, closed_by, simulated
    from alert order by fingerprint`
  const differences = [...differencesOf("alert", expected, new Map(rows.map((row) => [row.fingerprint, row])))]

  const promised = new Map<
    string,
    { readonly digest: string; readonly receivers: ReadonlyArray<string>; readonly kept: boolean; found: number }
  >()
  /** Facts before this one were removed by retention, or are of a version that had none. */
  let firstPosition = Number.POSITIVE_INFINITY
  for (let after = beginning; ;) {
    const facts: ReadonlyArray<StoredEvent> = yield* events.read({ after, limit: page, families: [notifiedFamily] })
    for (const { payload, position, recordedAt } of facts) {
      const { digest, idempotencyKey, receivers } = yield* decodeNotified(payload)
      promised.set(idempotencyKey, { digest, receivers, kept: recordedAt >= keptSince, found: 0 })
      firstPosition = Math.min(firstPosition, position)
    }
    if (facts.length < page) break
    after = facts.at(-1)!
  }
  const [removed] = yield* sql<{ count: number }>`select chain_index::float8 as count from event_anchor where family = ${notifiedFamily}`
  const isBefore = (position: number) => (removed?.count ?? 0) > 0 && position < firstPosition
  const firstLog = yield* hasFirstLog
  let after = { receiver: "", key: "" }
  for (;;) {
    const kept: ReadonlyArray<{ receiver: string; key: string; position: number; payload: string }> = yield* sql<{
      receiver: string
      key: string
      position: number
      payload: string
    }>`
      select receiver, idempotency_key as key, position::float8 as position, payload from notification
      where (receiver, idempotency_key) > (${after.receiver}, ${after.key}) order by receiver, idempotency_key limit ${page}`
    for (const { key, payload, position, receiver } of kept) {
      const fact = promised.get(key)
      if (fact === undefined || !fact.receivers.includes(receiver)) {
        if (!firstLog && !isBefore(position)) differences.push(`notification ${key} to ${receiver} is not in the log`)
        continue
      }
      fact.found++
      if (digestOf(payload) !== fact.digest) differences.push(`notification ${key} to ${receiver} says something else than the log`)
    }
    if (kept.length < page) break
    after = kept.at(-1)!
  }
  for (const [key, { found, kept, receivers }] of promised)
    if (kept && found < receivers.length)
      differences.push(`notification ${key} is missing for ${receivers.length - found} of ${receivers.length} receivers`)
  return differences
})
