/** Alerts: the list, and who looks after one. */
import { Acknowledgement, AcknowledgementDraft, NoSuchAlert } from "@evenkeel/alerting/manager/Acknowledgement"
import { Alert } from "@evenkeel/domain/alert/Alert"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { StoreUnavailable } from "../Common.ts"

/** An alert, whether the engine's markets are no real ones, and the reasons of its last change in sentences. */
export const AlertView = Schema.Struct({ ...Alert.fields, simulated: Schema.Boolean, reasons: Schema.Array(Schema.String) })
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
