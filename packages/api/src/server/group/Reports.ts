/** Answers for reports of months. */
import { Reports } from "@evenkeel/assessment/compliance/Reports"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { EngineApi } from "../../contract/EngineApi.ts"
import { unavailable } from "../Unavailable.ts"

export const reports = HttpApiBuilder.group(
  EngineApi,
  "reports",
  Effect.fnUntraced(function* (handlers) {
    const service = yield* Reports
    return handlers.handleAll({ month: ({ params }) => Effect.mapError(service.of(params.month), unavailable) })
  })
)
