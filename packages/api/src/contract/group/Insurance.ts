/** Covers: how their terms stand, and the evidence that proves it. */
import { Evidence } from "@evenkeel/assessment/insurance/Evidence"
import { NoEvidence } from "@evenkeel/assessment/insurance/ExportEvidence"
import { CoverStatus } from "@evenkeel/assessment/insurance/CoverStatus"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { noQuery, StoreUnavailable } from "../Common.ts"

export class InsuranceApi extends HttpApiGroup.make("insurance")
  .add(
    HttpApiEndpoint.get("status", "/insurance", { query: noQuery, success: Schema.Array(CoverStatus) }),
    HttpApiEndpoint.get("evidence", "/insurance/:name/evidence", {
      params: { name: Schema.String },
      query: noQuery,
      success: Evidence,
      error: [NoEvidence, StoreUnavailable]
    })
  )
  .prefix("/v1") {}
