/**
 * Compares the table of alerts, and the notifications that are kept, with the facts about alerts in the log.
 *
 * Every fact was given a notification for each receiver of the time. Those that were delivered are removed by retention, so that one is missed
 * only where the log's fact is younger than what retention keeps; which receivers there were then, the log does not say.
 */
import { type Alert, Notification } from "@evenkeel/domain/alert/Alert"
import { differencesOf, hasFirstLog, type Row } from "@evenkeel/store/event/Differences"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { foldFacts } from "@evenkeel/store/event/Projection"
import { Effect, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { createHash } from "node:crypto"
import { rowOf } from "./AlertTable.ts"
import { AlertState, idempotencyKeyOf } from "./Decide.ts"
import { alertsFamily } from "./RebuildAlerts.ts"

const decodeState = Schema.decodeUnknownEffect(Schema.fromJsonString(AlertState))
const decodeNotification = Schema.decodeUnknownOption(Schema.fromJsonString(Notification))

/** Notifications that are looked at in one statement. */
const page = 1000

/** Instead of the alert itself, which would be kept in memory for each fact. */
const digestOf = (alert: Alert, position: number): string =>
  createHash("sha256")
    .update(JSON.stringify([alert, position]))
    .digest("base64")

/** What differs, in words. Call it in a transaction; `keptSince` in Unix ms: notifications of later facts must be there. */
export const compareAlerts = Effect.fn("compareAlerts")(function* (keptSince: number) {
  const sql = yield* SqlClient.SqlClient
  const events = yield* EventStore
  const expected = new Map<string, Row>()
  const promised = new Map<string, { readonly digest: string; missing: boolean }>()
  yield* foldFacts({
    families: [alertsFamily],
    clear: Effect.void,
    apply: ({ payload, recordedAt }) =>
      Effect.map(decodeState(payload), (state) => {
        expected.set(state.alert.fingerprint, rowOf(state))
        promised.set(idempotencyKeyOf(events.id, state), {
          digest: digestOf(state.alert, state.position),
          missing: recordedAt >= keptSince
        })
      })
  })
  const rows = yield* sql<Row & { fingerprint: string }>`
    select fingerprint, status, level, starts_at, ends_at, opened_position::float8 as opened_position, position::float8 as position, change
    from alert order by fingerprint`
  const differences = [...differencesOf("alert", expected, new Map(rows.map((row) => [row.fingerprint, row])))]

  const firstLog = yield* hasFirstLog
  let after = { receiver: "", key: "" }
  for (;;) {
    const kept: ReadonlyArray<{ receiver: string; key: string; payload: string }> = yield* sql<{
      receiver: string
      key: string
      payload: string
    }>`
      select receiver, idempotency_key as key, payload from notification
      where (receiver, idempotency_key) > (${after.receiver}, ${after.key}) order by receiver, idempotency_key limit ${page}`
    for (const { key, payload, receiver } of kept) {
      const fact = promised.get(key)
      const notification = Option.getOrUndefined(decodeNotification(payload))
      if (fact === undefined) {
        if (!firstLog) differences.push(`notification ${key} to ${receiver} is not in the log`)
        continue
      }
      fact.missing = false
      if (notification?.idempotencyKey !== key || digestOf(notification.alert, notification.position) !== fact.digest)
        differences.push(`notification ${key} to ${receiver} says something else than the log`)
    }
    if (kept.length < page) break
    after = kept.at(-1)!
  }
  for (const [key, { missing }] of promised) if (missing) differences.push(`notification ${key} is missing for every receiver`)
  return differences
})
