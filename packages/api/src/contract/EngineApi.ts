/** The engine's HTTP interface: what it answers, shared with whoever calls it from TypeScript. One file a group. */
import { HttpApi, HttpApiMiddleware, OpenApi } from "effect/http-api"
import { AlertsApi } from "./group/Alerts.ts"
import { CoinsApi } from "./group/Coins.ts"
import { InsuranceApi } from "./group/Insurance.ts"
import { ReportsApi } from "./group/Reports.ts"
import { LiquidationsApi } from "./group/Liquidations.ts"
import { OraclesApi } from "./group/Oracles.ts"
import { SilencesApi } from "./group/Silences.ts"
import { StatusApi } from "./group/Status.ts"
import { SystemApi } from "./group/System.ts"

export class EngineApi extends HttpApi.make("evenkeel")
  .add(CoinsApi)
  .add(AlertsApi)
  .add(SilencesApi)
  .add(InsuranceApi)
  .add(ReportsApi)
  .add(StatusApi)
  .add(OraclesApi)
  .add(LiquidationsApi)
  .add(SystemApi)
  .middleware(HttpApiMiddleware.ProblemDetails)
  .annotate(HttpApi.QueryParseOptions, { onExcessProperty: "error", errors: "all" })
  .annotateMerge(
    OpenApi.annotations({ title: "Evenkeel", version: "0.1.0", description: "Stablecoin fair values, risk levels and alerts." })
  ) {}
