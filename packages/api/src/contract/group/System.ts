/** How the engine itself is. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { noQuery } from "../Common.ts"

export const Readiness = Schema.Struct({
  ready: Schema.Boolean,
  components: Schema.Array(
    Schema.Struct({
      component: Schema.String,
      status: Schema.String,
      detail: Schema.String,
      restarts: Schema.Int,
      gauges: Schema.Record(Schema.String, Schema.Finite)
    })
  )
})

/** A component has failed for good, or is not up yet. */
export class NotReady extends Schema.TaggedError<NotReady>()("NotReady", Readiness.fields, { httpApiStatus: 503 }) {}
export class SystemApi extends HttpApiGroup.make("system", { topLevel: true }).add(
  HttpApiEndpoint.get("healthz", "/healthz", { query: noQuery, success: Readiness, error: NotReady }),
  HttpApiEndpoint.get("readyz", "/readyz", { query: noQuery, success: Readiness, error: NotReady })
) {}
