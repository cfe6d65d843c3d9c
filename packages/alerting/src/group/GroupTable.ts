/** The groups between two looks at them, and whose turn it is. Times are the database's, so that engines with clocks apart agree on them. */
import { measureDatabaseOffset } from "@evenkeel/store/database/DatabaseClock"
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { Group } from "./Group.ts"

export class GroupTable extends Context.Service<
  GroupTable,
  {
    /** The database's time, Unix ms. */
    readonly now: Effect.Effect<number>
    /** Until the transaction at hand is over, no other engine and no other fiber works on groups. */
    readonly lock: Effect.Effect<void, SqlError.SqlError>
    /** Those with one of these keys, and those that one of these alerts is in. */
    readonly of: (
      keys: ReadonlyArray<string>,
      fingerprints: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyArray<Group>, SqlError.SqlError>
    /** At most `limit` that are to be looked at by `now`, or so late that a clock must have been wrong. */
    readonly due: (now: number, laterThan: number, limit: number) => Effect.Effect<ReadonlyArray<Group>, SqlError.SqlError>
    readonly save: (group: Group) => Effect.Effect<void, SqlError.SqlError>
    readonly all: Effect.Effect<ReadonlyArray<Group>, SqlError.SqlError>
    readonly removeAll: Effect.Effect<void, SqlError.SqlError>
    readonly remove: (key: string) => Effect.Effect<void, SqlError.SqlError>
  }
>()("@evenkeel/alerting/group/GroupTable") {
  static readonly layer = Layer.effect(
    GroupTable,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const offset = yield* measureDatabaseOffset
      const groups = (rows: ReadonlyArray<{ readonly state: string }>) => rows.map(({ state }) => decodeGroup(state))
      return GroupTable.of({
        now: Effect.map(Clock.currentTimeMillis, (now) => now + offset),
        lock: Effect.asVoid(sql`select pg_advisory_xact_lock(${groupsLock})`),
        of: (keys, fingerprints) =>
          Effect.map(
            sql<{ state: string }>`
              select state from alert_group
              where key in (select json_array_elements_text(${JSON.stringify(keys)}::json))
                or members && string_to_array(${fingerprints.join(",")}, ',')`,
            groups
          ),
        due: (now, laterThan, limit) =>
          Effect.map(
            sql<{ state: string }>`
              select state from alert_group where look_at <= ${now} or look_at > ${laterThan} order by look_at, key limit ${limit}`,
            groups
          ),
        save: (group) =>
          Effect.asVoid(sql`
            insert into alert_group (key, look_at, members, state)
            values (${group.key}, ${group.lookAt}, string_to_array(${group.members.join(",")}, ','), ${JSON.stringify(group)})
            on conflict (key) do update set look_at = excluded.look_at, members = excluded.members, state = excluded.state`),
        all: Effect.map(sql<{ state: string }>`select state from alert_group order by key`, groups),
        removeAll: Effect.asVoid(sql`delete from alert_group`),
        remove: (key) => Effect.asVoid(sql`delete from alert_group where key = ${key}`)
      })
    })
  )
}

/** Of the locks that this program takes on the database, this one is the groups'. */
const groupsLock = 7_402_188

const decodeGroup = Schema.decodeUnknownSync(Schema.fromJsonString(Group))
