/** Acknowledging an alert: a fact of the log, and what the notifier asks when it looks at a group. */
import { type ConcurrencyConflict, EventStore } from "@evenkeel/store/event/EventStore"
import { Array, Clock, Context, Effect, Layer, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { Acknowledgement, type AcknowledgementDraft, NoSuchAlert } from "./Acknowledgement.ts"
import { AlertTable } from "./AlertTable.ts"

export const acknowledgementsFamily = "acknowledgement"

export class Acknowledging extends Context.Service<
  Acknowledging,
  {
    readonly acknowledge: (
      fingerprint: string,
      draft: AcknowledgementDraft
    ) => Effect.Effect<Acknowledgement, NoSuchAlert | ConcurrencyConflict | SqlError.SqlError>
    /** The last ones of these alerts. */
    readonly of: (fingerprints: ReadonlyArray<string>) => Effect.Effect<ReadonlyMap<string, Acknowledgement>, SqlError.SqlError>
  }
>()("@evenkeel/alerting/manager/Acknowledging") {
  static readonly layer = Layer.effect(
    Acknowledging,
    Effect.gen(function* () {
      const alerts = yield* AlertTable
      const events = yield* EventStore
      const sql = yield* SqlClient.SqlClient
      return Acknowledging.of({
        acknowledge: Effect.fn("Acknowledging.acknowledge")(function* (fingerprint, { by, comment }) {
          const at = yield* Clock.currentTimeMillis
          return yield* sql.withTransaction(
            Effect.gen(function* () {
              const [state] = yield* alerts.of([fingerprint])
              if (state === undefined || state.alert.status !== "firing") return yield* new NoSuchAlert({ fingerprint })
              const fact: Acknowledgement = { fingerprint, openedPosition: state.openedPosition, level: state.alert.level, by, comment, at }
              yield* events.append(`${acknowledgementsFamily}/${fingerprint}`, "any", [{ kind: "AlertAcknowledged", payload: fact }])
              yield* sql`
                insert into acknowledgement ${sql.insert({ fingerprint, state: JSON.stringify(fact) })}
                on conflict (fingerprint) do update set state = excluded.state`
              return fact
            })
          )
        }),
        of: (fingerprints) =>
          Array.isReadonlyArrayNonEmpty(fingerprints)
            ? Effect.map(
                sql<{ state: string }>`select state from acknowledgement where fingerprint in ${sql.in(fingerprints)}`,
                (rows) => new Map(rows.map(({ state }) => decode(state)).map((each) => [each.fingerprint, each]))
              )
            : Effect.succeed(new Map())
      })
    })
  )
}

const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Acknowledgement))
