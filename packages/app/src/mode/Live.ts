/** Live: the venues themselves, on the wall's clock. Public data only; no key is needed. */
import type { EngineConfig } from "../config/EngineConfig.ts"
import { coinsOf, exchangeOf, instrumentsOf, venuesOf } from "../engine/EngineSetup.ts"
import { runEngine } from "./RunEngine.ts"

export const runLive = (config: EngineConfig) => {
  const instruments = instrumentsOf(config)
  const venues = venuesOf(instruments).map((venue) => {
    const exchange = exchangeOf(config, venue)
    return { exchange, endpoints: exchange.endpoints }
  })
  return runEngine({
    config,
    setup: { coins: coinsOf(config), instruments, venues, clock: () => performance.timeOrigin + performance.now() },
    title: "live"
  })
}
