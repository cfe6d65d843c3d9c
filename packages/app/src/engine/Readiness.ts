/** What makes the engine ready for its users, beyond running components and connected venues: a fresh price of each coin. */
import { Detection } from "@evenkeel/detection/host/Detection"
import type { Coin } from "@evenkeel/domain/coin/Coin"
import { HealthMonitor, type Verdict } from "@evenkeel/runtime/health/HealthMonitor"
import { Effect, Layer } from "effect"

/** `levels` of the coins in order; undefined before a coin's first score. */
export const priceVerdict = (coins: ReadonlyArray<Coin>, levels: ReadonlyArray<string | undefined>): Verdict => {
  const missing = coins.filter((_, index) => levels[index] === undefined || levels[index] === "stale").map(({ symbol }) => symbol)
  return missing.length === 0
    ? { ready: true, detail: "every coin has a fresh price" }
    : { ready: false, detail: `no fresh price of ${missing.join(", ")}` }
}

export const layerReadiness = (coins: ReadonlyArray<Coin>) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const monitor = yield* HealthMonitor
      const detection = yield* Detection
      yield* monitor.check(
        "prices",
        Effect.sync(() =>
          priceVerdict(
            coins,
            coins.map((_, index) => detection.coin(index)?.level)
          )
        )
      )
    })
  )
