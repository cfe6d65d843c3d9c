/** Liquidation risk of positions that are sent with the question; nothing of them is kept. */
import { LiquidationReport, Shock } from "@evenkeel/assessment/liquidation/LiquidationReport"
import { PositionsInput } from "@evenkeel/assessment/liquidation/PositionsInput"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"

/** Accounts of one question; more are assessed by `evenkeel liquidations` beside the engine. */
export const accountsMax = 10_000

export const LiquidationQuery = Schema.Struct({
  ...PositionsInput.fields,
  /** Beside the quantiles of history. */
  shocks: Schema.optional(Schema.Array(Shock)),
  /** Accounts that are listed; 20 when left out. */
  first: Schema.optional(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1000 })))
})
export type LiquidationQuery = typeof LiquidationQuery.Type

/** The positions cannot be valued; the problem says which, and why. */
export class PositionsRefused extends Schema.TaggedError<PositionsRefused>()(
  "PositionsRefused",
  { problem: Schema.String },
  { httpApiStatus: 422 }
) {
  override get message() {
    return this.problem
  }
}

export class LiquidationsApi extends HttpApiGroup.make("liquidations")
  .add(HttpApiEndpoint.post("assess", "/liquidations", { payload: LiquidationQuery, success: LiquidationReport, error: PositionsRefused }))
  .prefix("/v1") {}
