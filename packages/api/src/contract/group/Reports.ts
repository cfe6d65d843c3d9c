/** Months of the log, as reports. */
import { Month } from "@evenkeel/assessment/compliance/Month"
import { Report } from "@evenkeel/assessment/compliance/Report"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { noQuery, StoreUnavailable } from "../Common.ts"

export class ReportsApi extends HttpApiGroup.make("reports")
  .add(
    HttpApiEndpoint.get("month", "/reports/:month", {
      params: { month: Month },
      query: noQuery,
      success: Report,
      error: StoreUnavailable
    })
  )
  .prefix("/v1") {}
