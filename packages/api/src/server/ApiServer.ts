/**
 * Serves the API, its description (`/openapi.json`, `/docs`), Prometheus metrics and the dashboard's files, on one port.
 *
 * It listens on loopback unless told otherwise. A port in use fails the start with `PortInUse`.
 */
import { Acknowledging } from "@evenkeel/alerting/manager/Acknowledging"
import { AlertManager } from "@evenkeel/alerting/manager/AlertManager"
import { Silencing } from "@evenkeel/alerting/mute/Silencing"
import { reasonsOf } from "@evenkeel/alerting/render/Reasons"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Effect, Layer } from "effect"
import { HttpRouter, HttpStaticServer } from "effect/http"
import { HttpApiBuilder, HttpApiMiddleware, HttpApiScalar } from "effect/http-api"
import { PrometheusMetrics } from "effect/observability"
import { EngineApi, NotReady, StoreUnavailable, UnknownCoin } from "../contract/EngineApi.ts"
import { EngineView } from "./EngineView.ts"
import type { HostNames } from "./HostNames.ts"
import { layerRequestGuard } from "./RequestGuard.ts"

/** Whatever the database answers instead. */
const unavailable = (error: { readonly message: string }) => new StoreUnavailable({ problem: error.message })

const alertsMax = 500
const silencesMax = 500

const coins = HttpApiBuilder.group(
  EngineApi,
  "coins",
  Effect.fnUntraced(function* (handlers) {
    const view = yield* EngineView
    return handlers.handleAll({
      list: () => Effect.sync(() => view.coins()),
      get: ({ params }) =>
        Effect.suspend(() => {
          const found = view.coins().find(({ coin }) => coin === params.coin.toUpperCase())
          return found === undefined ? Effect.fail(new UnknownCoin({ coin: params.coin })) : Effect.succeed(found)
        })
    })
  })
)

const alerts = HttpApiBuilder.group(
  EngineApi,
  "alerts",
  Effect.fnUntraced(function* (handlers) {
    const manager = yield* AlertManager
    const acknowledging = yield* Acknowledging
    const { simulated } = yield* EngineView
    return handlers.handleAll({
      list: ({ query }) =>
        manager.list({ all: query.all === "true", limit: alertsMax }).pipe(
          Effect.map((found) => found.map((alert) => ({ ...alert, simulated, reasons: reasonsOf(alert.change) }))),
          Effect.mapError(unavailable)
        ),
      acknowledge: ({ params, payload }) =>
        acknowledging
          .acknowledge(params.fingerprint, payload)
          .pipe(Effect.mapError((error) => (error._tag === "NoSuchAlert" ? error : unavailable(error))))
    })
  })
)

const silences = HttpApiBuilder.group(
  EngineApi,
  "silences",
  Effect.fnUntraced(function* (handlers) {
    const silencing = yield* Silencing
    return handlers.handleAll({
      list: () => Effect.mapError(silencing.list(silencesMax), unavailable),
      set: ({ payload }) => Effect.mapError(silencing.set(payload), unavailable),
      expire: ({ params }) =>
        silencing.expire(params.id).pipe(Effect.mapError((error) => (error._tag === "NoSuchSilence" ? error : unavailable(error))))
    })
  })
)

const system = HttpApiBuilder.group(
  EngineApi,
  "system",
  Effect.fnUntraced(function* (handlers) {
    const health = yield* HealthRegistry
    const answer = (good: Effect.Effect<boolean>) =>
      Effect.gen(function* () {
        const ready = yield* good
        const components = yield* health.snapshot
        return ready ? { ready, components } : yield* new NotReady({ ready, components })
      })
    return handlers.handleAll({ healthz: () => answer(health.healthy), readyz: () => answer(health.ready) })
  })
)

/** The routes; provide an HTTP server. `dashboard` is the folder of its files. */
export const layerApi = (options: HostNames & { readonly dashboard: string }) =>
  HttpRouter.serve(
    Layer.mergeAll(
      HttpApiBuilder.layer(EngineApi, { openapiPath: "/openapi.json" }).pipe(
        Layer.provide([coins, alerts, silences, system]),
        Layer.provide(HttpApiMiddleware.layerProblemDetails({ includeDetails: true }))
      ),
      HttpApiScalar.layer(EngineApi, { path: "/docs" }),
      PrometheusMetrics.layerHttp(),
      HttpStaticServer.layer({ root: options.dashboard, prefix: "/" }),
      layerRequestGuard(options)
    ),
    { disableLogger: true, disableListenLog: true }
  )
