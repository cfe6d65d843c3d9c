/** Who looks at an alert that fires, and what holds it back: for whoever is shown it. */
import type { Alert } from "@evenkeel/domain/alert/Alert"
import { Context, Effect, Layer, Schema } from "effect"
import type { SqlError } from "effect/sql"
import { GroupTable } from "../group/GroupTable.ts"
import { Silences } from "../mute/Silence.ts"
import { SilenceTable } from "../mute/SilenceTable.ts"
import { isAcknowledged } from "./Acknowledgement.ts"
import { Acknowledging } from "./Acknowledging.ts"
import { AlertTable } from "./AlertTable.ts"

export const AlertAttention = Schema.Struct({
  /** By whom, and when (Unix ms); null where nobody has said so of the alert as it is now. */
  acknowledged: Schema.NullOr(Schema.Struct({ by: Schema.String, comment: Schema.String, at: Schema.Finite })),
  /** The silences that hold it back now. */
  silencedBy: Schema.Array(Schema.Struct({ id: Schema.String, createdBy: Schema.String, comment: Schema.String, endsAt: Schema.Finite }))
})
export type AlertAttention = typeof AlertAttention.Type

/** Of an alert that nobody looks at and nothing holds back, and of one that is over. */
export const noAttention: AlertAttention = { acknowledged: null, silencedBy: [] }

export class Attention extends Context.Service<
  Attention,
  {
    /** In the order of `alerts`. */
    readonly of: (alerts: ReadonlyArray<Alert>) => Effect.Effect<ReadonlyArray<AlertAttention>, SqlError.SqlError>
  }
>()("@evenkeel/alerting/manager/Attention") {
  static readonly layer = Layer.effect(
    Attention,
    Effect.gen(function* () {
      const acknowledging = yield* Acknowledging
      const groups = yield* GroupTable
      const silenceTable = yield* SilenceTable
      const table = yield* AlertTable
      return Attention.of({
        of: Effect.fnUntraced(function* (alerts) {
          const fingerprints = alerts.filter(({ status }) => status === "firing").map(({ fingerprint }) => fingerprint)
          if (fingerprints.length === 0) return alerts.map(() => noAttention)
          const states = new Map((yield* table.of(fingerprints)).map((state) => [state.alert.fingerprint, state]))
          const seen = yield* acknowledging.of(fingerprints)
          const now = yield* groups.now
          const silences = new Silences(yield* silenceTable.standing(now))
          return alerts.map(({ fingerprint, labels, status }): AlertAttention => {
            const state = states.get(fingerprint)
            if (status !== "firing" || state === undefined) return noAttention
            const acknowledgement = seen.get(fingerprint)
            return {
              acknowledged:
                acknowledgement === undefined || !isAcknowledged(acknowledgement, state)
                  ? null
                  : { by: acknowledgement.by, comment: acknowledgement.comment, at: acknowledgement.at },
              silencedBy: silences.of(labels, now).map(({ comment, createdBy, endsAt, id }) => ({ id, createdBy, comment, endsAt }))
            }
          })
        })
      })
    })
  )

  /** A double: nobody looks at anything. */
  static readonly layerTest = Layer.succeed(Attention, Attention.of({ of: (alerts) => Effect.succeed(alerts.map(() => noAttention)) }))
}
