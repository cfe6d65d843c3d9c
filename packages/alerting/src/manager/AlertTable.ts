/**
 * The present state of every alert: a read model of the facts about alerts in the log, kept in the transaction that appends them and rebuilt
 * from nothing by folding them again.
 */
import { Alert } from "@evenkeel/domain/alert/Alert"
import { Labels } from "@evenkeel/domain/alert/Labels"
import { Array, Context, Effect, Layer, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { AlertState, fingerprintsOf } from "./Decide.ts"

export class AlertTable extends Context.Service<
  AlertTable,
  {
    /** Takes a fact's state over, in the transaction at hand. */
    readonly apply: (state: AlertState) => Effect.Effect<void, SqlError.SqlError>
    /** The firing alerts of a coin. */
    readonly openOf: (coin: string) => Effect.Effect<ReadonlyArray<AlertState>, SqlError.SqlError>
    /** Alerts by their fingerprints, in no order. */
    readonly of: (fingerprints: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<AlertState>, SqlError.SqlError>
    /** Every alert that fires. */
    readonly firing: Effect.Effect<ReadonlyArray<AlertState>, SqlError.SqlError>
    /** The labels of every alert that fires. */
    readonly firingLabels: Effect.Effect<ReadonlyArray<Labels>, SqlError.SqlError>
    /** Newest first; `firing` alone unless all are asked for. */
    readonly list: (options: { readonly all: boolean; readonly limit: number }) => Effect.Effect<ReadonlyArray<Alert>, SqlError.SqlError>
    readonly clear: Effect.Effect<void, SqlError.SqlError>
  }
>()("@evenkeel/alerting/manager/AlertTable") {
  static readonly layer = Layer.effect(
    AlertTable,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const columns = sql.literal(
        `fingerprint, status, labels, level, starts_at as "startsAt", ends_at as "endsAt", opened_position::float8 as "openedPosition",
         position::float8 as position, change, rule, closed_reason as "closedReason", closed_by as "closedBy", simulated`
      )
      return AlertTable.of({
        apply: (state) => {
          const row = rowOf(state)
          const updates = Object.keys(row).filter((column) => column !== "fingerprint")
          return Effect.asVoid(sql`
            insert into alert ${sql.insert(row)} on conflict (fingerprint) do update
            set ${sql.csv(updates.map((column) => sql`${sql(column)} = excluded.${sql(column)}`))}`)
        },
        openOf: (coin) =>
          Effect.map(
            sql<AlertRow>`
              select ${columns} from alert
              where status = 'firing' and fingerprint in ${sql.in(fingerprintsOf(coin))} order by fingerprint`,
            (rows) => rows.map(stateOf)
          ),
        of: (fingerprints) =>
          Array.isReadonlyArrayNonEmpty(fingerprints)
            ? Effect.map(sql<AlertRow>`select ${columns} from alert where fingerprint in ${sql.in(fingerprints)}`, (rows) =>
                rows.map(stateOf)
              )
            : Effect.succeed([]),
        firing: Effect.map(sql<AlertRow>`select ${columns} from alert where status = 'firing' order by position`, (rows) =>
          rows.map(stateOf)
        ),
        firingLabels: Effect.map(sql<{ labels: string }>`select labels from alert where status = 'firing'`, (rows) =>
          rows.map(({ labels }) => decodeLabels(labels))
        ),
        list: ({ all, limit }) =>
          Effect.map(
            sql<AlertRow>`
              select ${columns} from alert ${all ? sql`` : sql`where status = 'firing'`}
              order by starts_at desc, fingerprint limit ${limit}`,
            (rows) => rows.map((row) => stateOf(row).alert)
          ),
        clear: Effect.asVoid(sql`delete from alert`)
      })
    })
  )
}

/** As it stands in the table. */
export const rowOf = ({ alert, openedPosition, position }: AlertState) => ({
  fingerprint: alert.fingerprint,
  status: alert.status,
  labels: JSON.stringify(alert.labels),
  level: alert.level,
  starts_at: alert.startsAt,
  ends_at: alert.endsAt,
  opened_position: openedPosition,
  position,
  change: alert.change === undefined ? null : JSON.stringify(alert.change),
  rule: alert.rule === undefined ? null : JSON.stringify(alert.rule),
  closed_reason: alert.closedReason ?? null,
  closed_by: alert.closedBy ?? null,
  simulated: alert.simulated ?? null
})

interface AlertRow {
  readonly fingerprint: string
  readonly status: string
  readonly labels: string
  readonly level: string
  readonly startsAt: number
  readonly endsAt: number | null
  readonly openedPosition: number
  readonly position: number
  readonly change: string | null
  readonly rule: string | null
  readonly closedReason: string | null
  readonly closedBy: string | null
  readonly simulated: boolean | null
}

const decodeLabels = Schema.decodeUnknownSync(Schema.fromJsonString(Labels))
const decodeState = Schema.decodeUnknownSync(AlertState)

/** A row that does not decode was written by no version of this: a defect. */
const stateOf = ({ change, closedBy, closedReason, labels, openedPosition, position, rule, simulated, ...alert }: AlertRow): AlertState =>
  decodeState({
    alert: {
      ...alert,
      labels: JSON.parse(labels),
      ...(change === null ? {} : { change: JSON.parse(change) }),
      ...(rule === null ? {} : { rule: JSON.parse(rule) }),
      ...(closedReason === null ? {} : { closedReason }),
      ...(closedBy === null ? {} : { closedBy }),
      ...(simulated === null ? {} : { simulated })
    },
    openedPosition,
    position
  })
