/** What makes the engine ready for its users, beyond running components and connected venues: a fresh price of each coin,
 * frames that are handled in time, and a database that answers. */
import { EngineView } from "@evenkeel/api/server/EngineView"
import { Venues } from "@evenkeel/connectors/exchange/Venues"
import { MarketFeed } from "@evenkeel/connectors/feed/MarketFeed"
import { Detection } from "@evenkeel/detection/host/Detection"
import { venueCounters } from "@evenkeel/detection/hotpath/Counters"
import type { Coin } from "@evenkeel/domain/coin/Coin"
import { HealthMonitor, type Verdict } from "@evenkeel/runtime/health/HealthMonitor"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { databaseProblem } from "@evenkeel/store/database/DatabaseProblem"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { staleReasonOf } from "../status/Freshness.ts"

/** `levels` of the coins in order; undefined before a coin's first score. `whyOf` says why one has none. */
export const priceVerdict = (
  coins: ReadonlyArray<Coin>,
  levels: ReadonlyArray<string | undefined>,
  whyOf: (coin: string) => string | undefined = () => undefined
): Verdict => {
  const missing = coins.filter((_, index) => levels[index] === undefined || levels[index] === "stale").map(({ symbol }) => symbol)
  return missing.length === 0
    ? { ready: true, detail: "every coin has a fresh price" }
    : {
        ready: false,
        detail: `no fresh price of ${missing
          .map((coin) => {
            const why = whyOf(coin)
            return why === undefined ? coin : `${coin} (${why})`
          })
          .join(", ")}`
      }
}

/** So many looks without an answer are no slow statement any more. */
const unansweredMax = 5

/** A look at the database that never waits: it asks one question, and says how long ago that was answered. */
export const makeDatabaseLook = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  let asked = false
  let unanswered = 0
  let problem: string | undefined
  const ask = sql`select 1`.pipe(
    Effect.match({ onFailure: databaseProblem, onSuccess: () => undefined }),
    Effect.map((answer) => {
      problem = answer
      asked = false
    }),
    Effect.forkDetach
  )
  return Effect.gen(function* () {
    unanswered = asked ? unanswered + 1 : 0
    if (!asked) {
      asked = true
      yield* ask
    }
    if (unanswered >= unansweredMax) return { ready: false, detail: `the database has not answered for ${unanswered} s` }
    return problem === undefined ? { ready: true, detail: "the database answers" } : { ready: false, detail: problem }
  }) satisfies Effect.Effect<Verdict>
})

/** A look at the frames: are they handled soon enough to say what the market is now? `late` counts a venue's frames that were not. */
export const makeLatenessLook = (venues: ReadonlyArray<string>, late: (venue: number) => number): Effect.Effect<Verdict> => {
  const seen = venues.map(() => 0)
  return Effect.sync(() => {
    const behind = venues.filter((_, venue) => late(venue) !== seen[venue])
    for (const venue of venues.keys()) seen[venue] = late(venue)
    return behind.length === 0
      ? { ready: true, detail: "frames are handled in time" }
      : { ready: false, detail: `frames of ${behind.join(", ")} waited too long; their books are stale` }
  })
}

export const layerReadiness = (coins: ReadonlyArray<Coin>) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const monitor = yield* HealthMonitor
      const detection = yield* Detection
      const health = yield* HealthRegistry
      const view = yield* EngineView
      const feed = yield* MarketFeed
      const { sources } = yield* Venues
      const late = venueCounters.indexOf("late")
      yield* monitor.check(
        "frames",
        makeLatenessLook(
          sources.map(({ id }) => id),
          (venue) => detection.counter(venue, late)
        )
      )
      yield* monitor.check("database", yield* makeDatabaseLook)
      yield* monitor.check(
        "prices",
        Effect.gen(function* () {
          // While nothing is judged, what was judged last says nothing of now.
          if ((yield* health.snapshot).some(({ component, hung }) => component === "hot-path" && hung))
            return { ready: false, detail: "the hot path's thread hangs: no price is judged" }
          const away = feed.connectors.filter((connector) => connector.open() === 0).map(({ exchange }) => exchange.id)
          return priceVerdict(
            coins,
            coins.map((_, index) => detection.coin(index)?.level),
            (symbol) => {
              const seen = view.coins().find(({ coin }) => coin === symbol)
              return seen === undefined ? undefined : staleReasonOf({ ...seen, level: "stale" }, away)
            }
          )
        })
      )
    })
  )
