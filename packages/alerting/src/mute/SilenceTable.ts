/** The silences that are not over: a read model of the facts about silences in the log. */
import { Context, Effect, Layer, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { Silence } from "./Silence.ts"

export class SilenceTable extends Context.Service<
  SilenceTable,
  {
    /** Takes a fact's silence over, in the transaction at hand. */
    readonly apply: (silence: Silence) => Effect.Effect<void, SqlError.SqlError>
    /** Pending and active at `now`, Unix ms; the first to end first. */
    readonly standing: (now: number) => Effect.Effect<ReadonlyArray<Silence>, SqlError.SqlError>
    /** The newest first, ended ones too. */
    readonly list: (limit: number) => Effect.Effect<ReadonlyArray<Silence>, SqlError.SqlError>
  }
>()("@evenkeel/alerting/mute/SilenceTable") {
  static readonly layer = Layer.effect(
    SilenceTable,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const silences = (rows: ReadonlyArray<{ readonly state: string }>) => rows.map(({ state }) => decodeSilence(state))
      return SilenceTable.of({
        apply: (silence) =>
          Effect.asVoid(sql`
            insert into silence ${sql.insert({ id: silence.id, ends_at: silence.endsAt, state: JSON.stringify(silence) })}
            on conflict (id) do update set ends_at = excluded.ends_at, state = excluded.state`),
        standing: (now) =>
          Effect.map(sql<{ state: string }>`select state from silence where ends_at > ${now} order by ends_at, id`, silences),
        list: (limit) => Effect.map(sql<{ state: string }>`select state from silence order by ends_at desc, id limit ${limit}`, silences)
      })
    })
  )
}

const decodeSilence = Schema.decodeUnknownSync(Schema.fromJsonString(Silence))
