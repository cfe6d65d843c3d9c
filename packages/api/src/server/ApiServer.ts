/**
 * Serves the API, its description (`/openapi.json`, `/docs`), Prometheus metrics and the dashboard's files, on one port.
 *
 * It listens on loopback unless told otherwise. A port in use fails the start with `PortInUse`.
 */
import { Layer } from "effect"
import { HttpRouter, HttpStaticServer } from "effect/http"
import { HttpApiBuilder, HttpApiMiddleware, HttpApiScalar } from "effect/http-api"
import { EngineApi } from "../contract/EngineApi.ts"
import { alerts } from "./group/Alerts.ts"
import { coins } from "./group/Coins.ts"
import { insurance } from "./group/Insurance.ts"
import { reports } from "./group/Reports.ts"
import { liquidations } from "./group/Liquidations.ts"
import { oracles } from "./group/Oracles.ts"
import { silences } from "./group/Silences.ts"
import { status } from "./group/Status.ts"
import { system } from "./group/System.ts"
import type { HostNames } from "./HostNames.ts"
import { layerMetrics } from "./Metrics.ts"
import { layerRequestGuard } from "./RequestGuard.ts"

/** The routes; provide an HTTP server. `dashboard` is the folder of its files. */
export const layerApi = (options: HostNames & { readonly dashboard: string }) =>
  HttpRouter.serve(
    Layer.mergeAll(
      HttpApiBuilder.layer(EngineApi, { openapiPath: "/openapi.json" }).pipe(
        Layer.provide([coins, alerts, silences, oracles, liquidations, insurance, reports, status, system]),
        Layer.provide(HttpApiMiddleware.layerProblemDetails({ includeDetails: true }))
      ),
      HttpApiScalar.layer(EngineApi, { path: "/docs" }),
      layerMetrics,
      HttpStaticServer.layer({ root: options.dashboard, prefix: "/" }),
      layerRequestGuard(options)
    ),
    { disableLogger: true, disableListenLog: true }
  )
