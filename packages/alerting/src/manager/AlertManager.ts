/**
 * Turns level changes into alerts: one open alert a fingerprint, told when it opens, when it changes and when it is over.
 *
 * The change is appended to the event store, the alert's state updated and its notifications put into the outbox in one
 * transaction: whatever crashes next, either all of it happened or none.
 */
import { Alert, fingerprintOf, type Notification } from "@evenkeel/domain/alert/Alert"
import { type LevelChange, LevelChange as LevelChangeSchema, type RiskLevel, severity } from "@evenkeel/domain/risk/RiskLevel"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { Outbox } from "@evenkeel/store/outbox/Outbox"
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { Receivers } from "../receiver/Receiver.ts"

/** Changes below this level open no alert. */
export interface AlertOptions {
  readonly minimumLevel: RiskLevel
}

export class AlertManager extends Context.Service<
  AlertManager,
  {
    /** Records a change and what follows from it; returns the notifications that were promised. */
    readonly record: (change: LevelChange) => Effect.Effect<ReadonlyArray<Notification>, SqlError.SqlError>
    /** Alerts, newest first; `firing` alone unless all are asked for. */
    readonly list: (options: { readonly all: boolean; readonly limit: number }) => Effect.Effect<ReadonlyArray<Alert>, SqlError.SqlError>
  }
>()("@evenkeel/alerting/manager/AlertManager") {
  static readonly layer = (options: AlertOptions) =>
    Layer.effect(
      AlertManager,
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const events = yield* EventStore
        const outbox = yield* Outbox
        const receivers = yield* Receivers

        /** The alerts that the coin has open. */
        const openAlerts = (coin: string) =>
          Effect.map(
            sql<AlertRow>`select ${columns} from alert where status = 'firing' and fingerprint in ${sql.in(fingerprintsOf(coin))}`,
            (rows) => rows.map(alertOf)
          )
        const columns = sql.literal(
          'fingerprint, status, level, starts_at as "startsAt", ends_at as "endsAt", opened_position::float8 as "openedPosition", change'
        )

        const save = (alert: Alert, openedPosition: number) => {
          const row = {
            fingerprint: alert.fingerprint,
            status: alert.status,
            level: alert.level,
            starts_at: alert.startsAt,
            ends_at: alert.endsAt,
            opened_position: openedPosition,
            change: JSON.stringify(alert.change)
          }
          return sql`insert into alert ${sql.insert(row)} on conflict (fingerprint) do update set ${sql.csv(
            Object.keys(row)
              .filter((column) => column !== "fingerprint")
              .map((column) => sql`${sql(column)} = excluded.${sql(column)}`)
          )}`
        }

        const record = Effect.fn("AlertManager.record")(function* (change: LevelChange) {
          const { coin, kind, level } = change
          yield* Effect.annotateCurrentSpan({ coin, level, kind })
          const { position } = yield* events.append(`coin-${coin}`, "any", [{ kind: "LevelChanged", payload: encodeChange(change) }]).pipe(
            // "any" version cannot conflict.
            Effect.catchTag("ConcurrencyConflict", Effect.die)
          )
          const open = yield* openAlerts(coin)
          const told: Array<Alert> = []
          const ends = severity(level) < severity(options.minimumLevel)
          const fingerprint = fingerprintOf(coin, kind)
          for (const { alert, openedPosition } of open) {
            // A recovery of less than all keeps the alert open at its lower level; a change of kind ends the old one.
            const over = ends || (kind !== "recovery" && alert.fingerprint !== fingerprint)
            // An engine that was restarted climbs the levels again: what is known already is not told again.
            if (!over && kind !== "recovery" && severity(level) <= severity(alert.level)) continue
            const next: Alert = over ? { ...alert, status: "resolved", endsAt: change.time, change } : { ...alert, level, change }
            yield* save(next, openedPosition)
            told.push(next)
          }
          const known = open.find(({ alert }) => alert.fingerprint === fingerprint)
          if (!ends && kind !== "recovery" && known === undefined) {
            const opened: Alert = { fingerprint, status: "firing", level, startsAt: change.time, endsAt: null, change }
            yield* save(opened, position)
            told.push(opened)
          }
          const openedAt = new Map(open.map(({ alert, openedPosition }) => [alert.fingerprint, openedPosition]))
          const notifications = told.map((alert): Notification => ({
            // Of this opening, this state, this event: the same on every repeat, and never that of another alert.
            idempotencyKey: `${alert.fingerprint}-${openedAt.get(alert.fingerprint) ?? position}-${position}-${alert.status}`,
            position,
            alert
          }))
          const now = yield* Clock.currentTimeMillis
          yield* outbox.enqueue(
            notifications.flatMap((notification) =>
              receivers.map(({ name }) => ({
                idempotencyKey: notification.idempotencyKey,
                receiver: name,
                position,
                payload: JSON.stringify(notification)
              }))
            ),
            now
          )
          return notifications
        }, sql.withTransaction)

        return AlertManager.of({
          record,
          list: ({ all, limit }) =>
            Effect.map(
              sql<AlertRow>`select ${columns} from alert ${all ? sql`` : sql`where status = 'firing'`} order by starts_at desc limit ${limit}`,
              (rows) => rows.map((row) => alertOf(row).alert)
            )
        })
      })
    )
}

interface AlertRow {
  readonly fingerprint: string
  readonly status: string
  readonly level: string
  readonly startsAt: number
  readonly endsAt: number | null
  readonly openedPosition: number
  readonly change: string
}

const decodeAlert = Schema.decodeUnknownSync(Alert)
const encodeChange = Schema.encodeSync(LevelChangeSchema)

/** A row that does not decode was written by no version of this: a defect. */
const alertOf = ({ change, endsAt, fingerprint, level, openedPosition, startsAt, status }: AlertRow) => ({
  alert: decodeAlert({ fingerprint, status, level, startsAt, endsAt, change: JSON.parse(change) }),
  openedPosition
})

const fingerprintsOf = (coin: string): ReadonlyArray<string> =>
  (["break", "premium", "local"] as const).map((kind) => fingerprintOf(coin, kind))
