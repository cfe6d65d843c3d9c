/** Answers for covers, from the watch and from the log. */
import { exportEvidence } from "@evenkeel/assessment/insurance/ExportEvidence"
import { InsuranceWatch } from "@evenkeel/assessment/insurance/InsuranceWatch"
import type { EventStore } from "@evenkeel/store/event/EventStore"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import type { SqlClient } from "effect/sql"
import { EngineApi } from "../../contract/EngineApi.ts"
import { EngineView } from "../EngineView.ts"
import { unavailable } from "../Unavailable.ts"

export const insurance = HttpApiBuilder.group(
  EngineApi,
  "insurance",
  Effect.fnUntraced(function* (handlers) {
    const watch = yield* InsuranceWatch
    const { simulated } = yield* EngineView
    const log = yield* Effect.context<EventStore | SqlClient.SqlClient>()
    return handlers.handleAll({
      status: () => Effect.sync(() => watch.status()),
      evidence: ({ params }) =>
        exportEvidence(params.name, simulated).pipe(
          Effect.provideContext(log),
          Effect.mapError((error) => (error._tag === "NoEvidence" ? error : unavailable(error)))
        )
    })
  })
)
