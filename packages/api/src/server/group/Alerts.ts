/** Answers for alerts, from their read model. */
import { Acknowledging } from "@evenkeel/alerting/manager/Acknowledging"
import { AlertManager } from "@evenkeel/alerting/manager/AlertManager"
import { Attention } from "@evenkeel/alerting/manager/Attention"
import { messageOf } from "@evenkeel/alerting/render/Message"
import { alertSubject } from "@evenkeel/domain/alert/Alert"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { EngineApi } from "../../contract/EngineApi.ts"
import { unavailable } from "../Unavailable.ts"

const alertsMax = 500

export const alerts = HttpApiBuilder.group(
  EngineApi,
  "alerts",
  Effect.fnUntraced(function* (handlers) {
    const manager = yield* AlertManager
    const acknowledging = yield* Acknowledging
    const attentions = yield* Attention
    return handlers.handleAll({
      list: ({ query }) =>
        Effect.gen(function* () {
          const found = yield* manager.list({ all: query.all === "true", limit: alertsMax })
          const attention = yield* attentions.of(found)
          return found.map((alert, index) => {
            const { reasons, title } = messageOf(alert, alert.simulated === true)
            return { ...alert, ...attention[index]!, simulated: alert.simulated === true, subject: alertSubject(alert), title, reasons }
          })
        }).pipe(Effect.mapError(unavailable)),
      acknowledge: ({ params, payload }) =>
        acknowledging
          .acknowledge(params.fingerprint, payload)
          .pipe(Effect.mapError((error) => (error._tag === "NoSuchAlert" ? error : unavailable(error))))
    })
  })
)
