/** Live: the venues and chains themselves, on the wall's clock. Public data only; no key is needed. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { discoverPairs } from "@evenkeel/connectors/discovery/Discovery"
import { makeRest } from "@evenkeel/connectors/transport/Rest"
import { type Instrument, instrumentKey } from "@evenkeel/domain/market/Instrument"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { Effect, Layer } from "effect"
import type { EngineConfig } from "../config/EngineConfig.ts"
import { chainInstruments, coinsOf, instrumentsOf, venueOf, venuesOf } from "../engine/EngineSetup.ts"
import type { ConfigSource } from "../engine/Reload.ts"
import { runEngine } from "./RunEngine.ts"

/** Before the engine runs there is no health registry of its own to report to. */
export const layerAsking = Policies.layer().pipe(Layer.provideMerge(HealthRegistry.layer), Layer.provideMerge(NodeHttpClient.layerUndici))

/** The configured instruments, and the pairs that venues list for the coins and bridges. A venue that does not answer is asked again while running. */
export const findInstruments = Effect.fn("findInstruments")(function* (config: EngineConfig) {
  const followed = { coins: coinsOf(config), bridges: config.bridges }
  const found = yield* Effect.forEach(
    config.discovery.venues,
    (venue) =>
      Effect.gen(function* () {
        const { endpoints, exchange } = venueOf(config, venue)
        return yield* discoverPairs(exchange, yield* makeRest(exchange, endpoints), followed)
      }).pipe(
        Effect.catch((error) =>
          Effect.logWarning("a venue's pairs could not be found", { venue, reason: error.message }).pipe(
            Effect.as<ReadonlyArray<Instrument>>([])
          )
        )
      ),
    { concurrency: "unbounded" }
  ).pipe(Effect.provide(layerAsking))
  const all = [...instrumentsOf(config), ...chainInstruments(config), ...found.flat()]
  return [...new Map(all.map((instrument) => [instrumentKey(instrument), instrument])).values()]
})

export const runLive = Effect.fnUntraced(function* (config: EngineConfig, source?: ConfigSource) {
  const instruments = yield* findInstruments(config)
  const named = new Set([...venuesOf(instruments), ...config.discovery.venues])
  return yield* runEngine({
    config,
    setup: {
      coins: coinsOf(config),
      bridges: config.bridges,
      instruments,
      discovered: config.discovery.venues,
      venues: [...named].map((venue) => venueOf(config, venue)),
      clock: () => performance.timeOrigin + performance.now(),
      spares: config.discovery.venues.length === 0 ? 0 : config.discovery.spares,
      engineName: "live",
      simulated: false,
      warmStart: true,
      staleAfterMillis: config.hotPath.staleAfterSeconds * 1000
    },
    title: "live",
    ...(source === undefined ? {} : { source })
  })
})
