/** Oracles: published price feeds against the fair value, and whether liquidations may use them now. */
import { OracleAssessment } from "@evenkeel/assessment/oracle/OracleAssessment"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { noQuery } from "../Common.ts"

/** No feed of that name is configured. */
export class UnknownOracle extends Schema.TaggedError<UnknownOracle>()("UnknownOracle", { feed: Schema.String }, { httpApiStatus: 404 }) {}

export class OraclesApi extends HttpApiGroup.make("oracles")
  .add(
    HttpApiEndpoint.get("list", "/oracles", { query: noQuery, success: Schema.Array(OracleAssessment) }),
    HttpApiEndpoint.get("get", "/oracles/:feed", {
      params: { feed: Schema.String },
      query: noQuery,
      success: OracleAssessment,
      error: UnknownOracle
    })
  )
  .prefix("/v1") {}
