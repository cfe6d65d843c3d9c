/** The latest state of something that is rebuilt from events, with the position up to which it is true. */
import { Context, Effect, Layer, Option, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"

export class Snapshots extends Context.Service<
  Snapshots,
  {
    readonly save: (name: string, position: number, payload: Schema.Json) => Effect.Effect<void, SqlError.SqlError>
    readonly load: (
      name: string
    ) => Effect.Effect<Option.Option<{ readonly position: number; readonly payload: unknown }>, SqlError.SqlError>
  }
>()("@evenkeel/store/snapshot/Snapshots") {
  static readonly layer = Layer.effect(
    Snapshots,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      return Snapshots.of({
        save: (name, position, payload) =>
          Effect.asVoid(sql`
            insert into snapshot ${sql.insert({ name, position, payload: JSON.stringify(payload) })}
            on conflict (name) do update set position = excluded.position, payload = excluded.payload
            where snapshot.position <= excluded.position`),
        load: (name) =>
          sql<{ position: number; payload: string }>`
            select position::float8 as position, payload from snapshot where name = ${name}`.pipe(
            Effect.map(([row]) =>
              row === undefined ? Option.none() : Option.some({ position: row.position, payload: JSON.parse(row.payload) as unknown })
            )
          )
      })
    })
  )
}
