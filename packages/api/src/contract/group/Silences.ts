/** Silences: what is told to nobody for a time. */
import { NoSuchSilence, SilenceDraft, SilenceView } from "@evenkeel/alerting/mute/Silence"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { noQuery, StoreUnavailable } from "../Common.ts"

export class SilencesApi extends HttpApiGroup.make("silences")
  .add(
    HttpApiEndpoint.get("list", "/silences", { query: noQuery, success: Schema.Array(SilenceView), error: StoreUnavailable }),
    HttpApiEndpoint.post("set", "/silences", { payload: SilenceDraft, success: SilenceView, error: StoreUnavailable }),
    HttpApiEndpoint.delete("expire", "/silences/:id", {
      params: { id: Schema.String },
      /** Who ends it, for the log. */
      query: { by: Schema.optional(Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(100))) },
      success: SilenceView,
      error: [NoSuchSilence, StoreUnavailable]
    })
  )
  .prefix("/v1") {}
