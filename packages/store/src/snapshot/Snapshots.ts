/** The latest state of something that is rebuilt from what came since: bytes under a name, with the position up to which they are true. */
import { Clock, Context, Effect, Layer, Option } from "effect"
import { SqlClient, type SqlError } from "effect/sql"

export interface Snapshot {
  readonly position: number
  /** Unix ms. */
  readonly savedAt: number
  readonly payload: Uint8Array
}

export class Snapshots extends Context.Service<
  Snapshots,
  {
    /** Replaces what is kept under `name`, unless that is true up to a later position. */
    readonly save: (name: string, position: number, payload: Uint8Array) => Effect.Effect<void, SqlError.SqlError>
    readonly load: (name: string) => Effect.Effect<Option.Option<Snapshot>, SqlError.SqlError>
  }
>()("@evenkeel/store/snapshot/Snapshots") {
  static readonly layer = Layer.effect(
    Snapshots,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      return Snapshots.of({
        save: Effect.fnUntraced(function* (name, position, payload) {
          const row = { name, position, saved_at: yield* Clock.currentTimeMillis, payload }
          yield* sql`
            insert into snapshot ${sql.insert(row)}
            on conflict (name) do update
            set position = excluded.position, saved_at = excluded.saved_at, payload = excluded.payload
            where snapshot.position <= excluded.position`
        }),
        load: (name) =>
          sql<Snapshot>`
            select position::float8 as position, saved_at as "savedAt", payload from snapshot where name = ${name}`.pipe(
            Effect.map(([row]) => Option.fromNullishOr(row))
          )
      })
    })
  )
}
