/** Oracles: published price feeds against the fair value, and whether liquidations may use them now. */
import { OracleAssessment } from "@evenkeel/assessment/oracle/OracleAssessment"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { noQuery } from "../Common.ts"

/** `simulated`: the fair value is of a made-up market. */
export const OracleAnswer = Schema.Struct({ ...OracleAssessment.fields, simulated: Schema.Boolean })
export type OracleAnswer = typeof OracleAnswer.Type

/** No feed of that name is configured. */
export class UnknownOracle extends Schema.TaggedError<UnknownOracle>()("UnknownOracle", { feed: Schema.String }, { httpApiStatus: 404 }) {}

export class OraclesApi extends HttpApiGroup.make("oracles")
  .add(
    HttpApiEndpoint.get("list", "/oracles", { query: noQuery, success: Schema.Array(OracleAnswer) }),
    HttpApiEndpoint.get("get", "/oracles/:feed", {
      params: { feed: Schema.String },
      query: noQuery,
      success: OracleAnswer,
      error: UnknownOracle
    })
  )
  .prefix("/v1") {}
