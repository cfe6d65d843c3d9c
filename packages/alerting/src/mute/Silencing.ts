/** Setting a silence and ending one: each is a fact of the log, and the read model is brought up to date with it. */
import { type ConcurrencyConflict, EventStore } from "@evenkeel/store/event/EventStore"
import { Context, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { randomUUID } from "node:crypto"
import { GroupTable } from "../group/GroupTable.ts"
import { NoSuchSilence, type Silence, type SilenceDraft, silenceStateAt, type SilenceView } from "./Silence.ts"
import { SilenceTable } from "./SilenceTable.ts"

/** The family of facts about silences: of each silence, a stream whose last fact holds. */
export const silencesFamily = "silence"

type Trouble = SqlError.SqlError | ConcurrencyConflict

export class Silencing extends Context.Service<
  Silencing,
  {
    /** The last to end first, ended ones too. */
    readonly list: (limit: number) => Effect.Effect<ReadonlyArray<SilenceView>, SqlError.SqlError>
    readonly set: (draft: SilenceDraft) => Effect.Effect<SilenceView, Trouble>
    /** Ends a silence now. `by`: who does, for the log. */
    readonly expire: (id: string, by?: string) => Effect.Effect<SilenceView, NoSuchSilence | Trouble>
  }
>()("@evenkeel/alerting/mute/Silencing") {
  static readonly layer = Layer.effect(
    Silencing,
    Effect.gen(function* () {
      const events = yield* EventStore
      const groups = yield* GroupTable
      const sql = yield* SqlClient.SqlClient
      const table = yield* SilenceTable
      const shown = (silence: Silence, now: number): SilenceView => ({ ...silence, state: silenceStateAt(silence, now) })
      const append = Effect.fnUntraced(function* (silence: Silence) {
        yield* events.append(`${silencesFamily}/${silence.id}`, "any", [{ kind: "SilenceSet", payload: silence }])
        yield* table.apply(silence)
      })
      return Silencing.of({
        list: Effect.fnUntraced(function* (limit) {
          const now = yield* groups.now
          return (yield* table.list(limit)).map((silence) => shown(silence, now))
        }),
        set: Effect.fn("Silencing.set")(function* ({ comment, createdBy, matchers, minutes }) {
          const startsAt = yield* groups.now
          const silence: Silence = { id: randomUUID(), matchers, startsAt, endsAt: startsAt + minutes * 60_000, createdBy, comment }
          yield* sql.withTransaction(append(silence))
          yield* Effect.logInfo("a silence begins", { ...silence })
          return shown(silence, startsAt)
        }),
        expire: Effect.fn("Silencing.expire")(function* (id, by) {
          const now = yield* groups.now
          const ended = yield* sql.withTransaction(
            Effect.gen(function* () {
              const found = (yield* table.standing(now)).find((silence) => silence.id === id)
              if (found === undefined) return yield* new NoSuchSilence({ id })
              const silence = {
                ...found,
                startsAt: Math.min(found.startsAt, now),
                endsAt: now,
                ...(by === undefined ? {} : { endedBy: by })
              }
              yield* append(silence)
              return silence
            })
          )
          yield* Effect.logInfo("a silence is ended", { id, comment: ended.comment })
          return shown(ended, now)
        })
      })
    })
  )

  /** A double without silences. */
  static readonly layerTest = Layer.succeed(
    Silencing,
    Silencing.of({
      list: () => Effect.succeed([]),
      set: () => Effect.die("a double sets no silence"),
      expire: (id) => Effect.fail(new NoSuchSilence({ id }))
    })
  )
}
