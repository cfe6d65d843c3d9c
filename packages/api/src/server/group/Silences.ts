/** Answers for silences. */
import { Silencing } from "@evenkeel/alerting/mute/Silencing"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { EngineApi } from "../../contract/EngineApi.ts"
import { unavailable } from "../Unavailable.ts"

const silencesMax = 500

export const silences = HttpApiBuilder.group(
  EngineApi,
  "silences",
  Effect.fnUntraced(function* (handlers) {
    const silencing = yield* Silencing
    return handlers.handleAll({
      list: () => Effect.mapError(silencing.list(silencesMax), unavailable),
      set: ({ payload }) => Effect.mapError(silencing.set(payload), unavailable),
      expire: ({ params, query }) =>
        silencing
          .expire(params.id, query.by)
          .pipe(Effect.mapError((error) => (error._tag === "NoSuchSilence" ? error : unavailable(error))))
    })
  })
)
