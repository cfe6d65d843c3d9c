/**
 * The present state of every alert: a read model of the facts about alerts in the log, kept in the transaction that appends them and rebuilt
 * from nothing by folding them again.
 */
import { Alert } from "@evenkeel/domain/alert/Alert"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { AlertState, fingerprintsOf } from "./Decide.ts"

export class AlertTable extends Context.Service<
  AlertTable,
  {
    /** Takes a fact's state over, in the transaction at hand. */
    readonly apply: (state: AlertState) => Effect.Effect<void, SqlError.SqlError>
    /** The firing alerts of a coin. */
    readonly openOf: (coin: string) => Effect.Effect<ReadonlyArray<AlertState>, SqlError.SqlError>
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
        `fingerprint, status, level, starts_at as "startsAt", ends_at as "endsAt", opened_position::float8 as "openedPosition",
         position::float8 as position, change`
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
  level: alert.level,
  starts_at: alert.startsAt,
  ends_at: alert.endsAt,
  opened_position: openedPosition,
  position,
  change: JSON.stringify(alert.change)
})

interface AlertRow {
  readonly fingerprint: string
  readonly status: string
  readonly level: string
  readonly startsAt: number
  readonly endsAt: number | null
  readonly openedPosition: number
  readonly position: number
  readonly change: string
}

const decodeState = Schema.decodeUnknownSync(AlertState)

/** A row that does not decode was written by no version of this: a defect. */
const stateOf = ({ change, endsAt, fingerprint, level, openedPosition, position, startsAt, status }: AlertRow): AlertState =>
  decodeState({ alert: { fingerprint, status, level, startsAt, endsAt, change: JSON.parse(change) }, openedPosition, position })
