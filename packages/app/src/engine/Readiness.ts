/** What makes the engine ready for its users, beyond every component running: a venue or chain that sends, and a fresh price of each coin. */
import { MarketFeed } from "@evenkeel/connectors/feed/MarketFeed"
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

/** Frames of each venue at this look and at the last one that differed. */
export const venueVerdict = (silentSeconds: ReadonlyMap<string, number>): Verdict => {
  const silent = [...silentSeconds].filter(([, seconds]) => seconds > silentSecondsMax).map(([venue]) => venue)
  if (silentSeconds.size > 0 && silent.length === silentSeconds.size) return { ready: false, detail: "no venue sends anything" }
  return { ready: true, detail: silent.length === 0 ? "every venue sends" : `nothing comes from ${silent.join(", ")}` }
}

/** A venue that sends nothing for so long counts as silent. */
const silentSecondsMax = 30

export const layerReadiness = (coins: ReadonlyArray<Coin>) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const monitor = yield* HealthMonitor
      const detection = yield* Detection
      const feed = yield* MarketFeed
      yield* monitor.check(
        "prices",
        Effect.sync(() =>
          priceVerdict(
            coins,
            coins.map((_, index) => detection.coin(index)?.level)
          )
        )
      )
      const seen = new Map<string, number>()
      // Until its first frame a venue is silent.
      const silentSeconds = new Map(feed.connectors.map(({ exchange }) => [exchange.id as string, silentSecondsMax + 1]))
      yield* monitor.check(
        "venues",
        Effect.sync(() => {
          for (const { frames, venue } of feed.counts()) {
            const news = frames !== (seen.get(venue) ?? 0)
            silentSeconds.set(venue, news ? 0 : (silentSeconds.get(venue) ?? 0) + 1)
            seen.set(venue, frames)
          }
          return venueVerdict(silentSeconds)
        })
      )
    })
  )
