/** Alerts: the list, and who looks after one. */
import { Acknowledgement, AcknowledgementDraft, NoSuchAlert } from "@evenkeel/alerting/manager/Acknowledgement"
import { AlertAttention } from "@evenkeel/alerting/manager/Attention"
import { Alert } from "@evenkeel/domain/alert/Alert"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { StoreUnavailable } from "../Common.ts"

/** An alert, whether its market was made up, what it is about and why in sentences, who looks at it, and what holds it back. */
export const AlertView = Schema.Struct({
  ...Alert.fields,
  simulated: Schema.Boolean,
  /** Its coin, or what else it is about. */
  subject: Schema.String,
  title: Schema.String,
  reasons: Schema.Array(Schema.String),
  ...AlertAttention.fields
})
export type AlertView = typeof AlertView.Type

export class AlertsApi extends HttpApiGroup.make("alerts")
  .add(
    HttpApiEndpoint.get("list", "/alerts", {
      query: { all: Schema.optional(Schema.Literals(["true", "false"])) },
      success: Schema.Array(AlertView),
      error: StoreUnavailable
    }),
    HttpApiEndpoint.post("acknowledge", "/alerts/:fingerprint/acknowledgement", {
      params: { fingerprint: Schema.String },
      payload: AcknowledgementDraft,
      success: Acknowledgement,
      error: [NoSuchAlert, StoreUnavailable]
    })
  )
  .prefix("/v1") {}
