/** Answers for alerts, from their read model. */
import { Acknowledging } from "@evenkeel/alerting/manager/Acknowledging"
import { AlertManager } from "@evenkeel/alerting/manager/AlertManager"
import { reasonsOf } from "@evenkeel/alerting/render/Reasons"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { EngineApi } from "../../contract/EngineApi.ts"
import { EngineView } from "../EngineView.ts"
import { unavailable } from "../Unavailable.ts"

const alertsMax = 500

export const alerts = HttpApiBuilder.group(
  EngineApi,
  "alerts",
  Effect.fnUntraced(function* (handlers) {
    const manager = yield* AlertManager
    const acknowledging = yield* Acknowledging
    const { simulated } = yield* EngineView
    return handlers.handleAll({
      list: ({ query }) =>
        manager.list({ all: query.all === "true", limit: alertsMax }).pipe(
          Effect.map((found) => found.map((alert) => ({ ...alert, simulated, reasons: reasonsOf(alert.change) }))),
          Effect.mapError(unavailable)
        ),
      acknowledge: ({ params, payload }) =>
        acknowledging
          .acknowledge(params.fingerprint, payload)
          .pipe(Effect.mapError((error) => (error._tag === "NoSuchAlert" ? error : unavailable(error))))
    })
  })
)
