/**
 * Everything that comes from the market, as one service: connectors, clock ticks, requests for new books, listings and chains.
 *
 * It writes frames into `FrameSink` and knows nothing of who reads them; whoever does asks for books with `resync`. Build it on the layer
 * that reads the frames: finalizers run last in, first out, so at shutdown sockets are closed and ticks stop before the reader handles what
 * it still has, and nothing comes after.
 */
import { HealthMonitor } from "@evenkeel/runtime/health/HealthMonitor"
import type { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import type { Policies } from "@evenkeel/runtime/resilience/Policies"
import { makeActor } from "@evenkeel/runtime/supervision/Actor"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import type { Snapshots } from "@evenkeel/store/snapshot/Snapshots"
import { Context, type Duration, Effect, Layer } from "effect"
import type { HttpClient } from "effect/http"
import type { Followed } from "../discovery/Discovery.ts"
import type { Endpoints, Exchange } from "../exchange/Exchange.ts"
import { type VenueRegistry, Venues } from "../exchange/Venues.ts"
import { type Connector, makeConnector } from "../transport/Connector.ts"
import { type FrameCounts, FrameSink } from "../transport/FrameSink.ts"
import { layerChains, type WatchedChain } from "./ChainFeed.ts"
import { Instruments } from "./Instruments.ts"
import { makeListings } from "./Listings.ts"
import { makeFeedDouble, MarketFeedTest } from "./MarketFeedTest.ts"
import { makeResync } from "./Resync.ts"

export class MarketFeed extends Context.Service<
  MarketFeed,
  {
    /** Asks for an instrument's book to be built anew. A request for an instrument takes the place of one that still waits. */
    readonly resync: (instrument: number, reason: string) => Effect.Effect<void>
    /** The reader of the frames began anew: listings are repeated and every book is built again. */
    readonly restarted: Effect.Effect<void>
    /** Compares the venues' lists of pairs with what is traded, now; completes when that is done. */
    readonly refresh: Effect.Effect<void>
    readonly connectors: ReadonlyArray<Connector>
    /** Frames so far, by venue. */
    readonly counts: () => ReadonlyArray<VenueCounts>
  }
>()("@evenkeel/connectors/feed/MarketFeed") {
  static layer(
    options: MarketFeedOptions & { readonly chains: ReadonlyArray<WatchedChain> }
  ): Layer.Layer<MarketFeed, never, FeedServices | Snapshots>
  static layer(options: MarketFeedOptions): Layer.Layer<MarketFeed, never, FeedServices>
  static layer(
    options: MarketFeedOptions & { readonly chains?: ReadonlyArray<WatchedChain> }
  ): Layer.Layer<MarketFeed, never, FeedServices | Snapshots> {
    const feed = Layer.effect(MarketFeed, makeMarketFeed(options))
    return options.chains === undefined ? feed : Layer.merge(feed, layerChains(options.chains))
  }

  /** Connects to nothing: a test reads the requests and pushes frames through `MarketFeedTest`. */
  static readonly layerTest: Layer.Layer<MarketFeed | MarketFeedTest, never, FrameSink> = Layer.effectContext(
    Effect.map(makeFeedDouble, ({ control, feed }) =>
      Context.make(MarketFeed, MarketFeed.of(feed)).pipe(Context.add(MarketFeedTest, control))
    )
  )
}

export interface VenueConnection {
  readonly exchange: Exchange
  readonly endpoints: Endpoints
}

export interface MarketFeedOptions {
  /** Venues to connect to: by id at their public addresses, or one's own description and address. */
  readonly venues: ReadonlyArray<string | VenueConnection>
  /** Looks for pairs that come and go while the engine runs. */
  readonly discovery?: Followed & {
    readonly every: Duration.Input
    /** Ids of the venues whose lists are read; all of the feed's when undefined. */
    readonly venues?: ReadonlyArray<string>
  }
}

export type VenueCounts = FrameCounts & { readonly venue: string }

type FeedServices = FrameSink | Instruments | Supervisor | HealthRegistry | HealthMonitor | Policies | HttpClient.HttpClient

/** Time passes in the hot path at least this often, though no venue sends anything. */
const tickEvery = "250 millis"
/** Without ticks no coin becomes stale; writing one takes no time. */
const clockHangsAfter = "2 seconds"

interface Refresh {
  readonly _tag: "Refresh"
}

const makeMarketFeed = Effect.fnUntraced(function* ({ discovery, venues }: MarketFeedOptions) {
  const sink = yield* FrameSink
  const instruments = yield* Instruments
  const supervisor = yield* Supervisor
  const monitor = yield* HealthMonitor
  const registry = yield* Venues

  const connectors: Array<Connector> = []
  for (const venue of venues.map((venue) => connectionOf(registry, venue))) {
    const connector = yield* makeConnector({ ...venue, instruments: [] })
    connectors.push(connector)
    yield* connector.add(instruments.list().filter(({ instrument }) => instrument.venue === venue.exchange.id))
  }

  const discovered = connectors.filter(({ exchange }) => discovery?.venues?.includes(exchange.id) ?? discovery !== undefined)
  const listings = yield* makeListings(discovered, discovery ?? { coins: [] })
  const reader = yield* makeActor<void, Refresh, void, never, never>({
    name: "listings",
    mailboxCapacity: 1,
    // Those who ask while the lists are being read wait.
    overflow: { _tag: "Suspend" },
    initial: Effect.void,
    receive: () => Effect.as(listings.refresh, [undefined, undefined] as const),
    // Lists that are not read to the end at shutdown are read again at the next start.
    drainWithin: 0
  })
  const refresh = Effect.ignore(reader.ask({ _tag: "Refresh" }))
  if (discovery !== undefined)
    yield* supervisor.supervise("discovery", Effect.sleep(discovery.every).pipe(Effect.andThen(refresh), Effect.forever))

  const router = yield* makeResync(connectors, listings)
  yield* supervisor.superviseBeating(
    "clock",
    ({ waiting }) =>
      Effect.sync(sink.tick).pipe(Effect.andThen(listings.announce), Effect.andThen(waiting(Effect.sleep(tickEvery))), Effect.forever),
    clockHangsAfter
  )

  yield* monitor.check(
    "venues",
    Effect.sync(() => {
      const away = connectors.filter((connector) => connector.open() === 0).map(({ exchange }) => exchange.id)
      const connected = connectors.length - away.length
      const named = away.length === 0 ? "" : `: ${away.join(", ")} ${away.length === 1 ? "is" : "are"} not`
      // An engine without venues reads chains, and those have health of their own.
      return {
        ready: connected > 0 || connectors.length === 0,
        detail: `${connected} of ${connectors.length} venues are connected${named}`
      }
    })
  )

  return MarketFeed.of({
    // An actor stops with the feed alone; then no book is needed any more.
    resync: (instrument, reason) => Effect.ignore(router.tell({ _tag: "Resync", instrument, reason })),
    restarted: Effect.ignore(router.tell({ _tag: "Restarted" })),
    refresh,
    connectors,
    counts: () =>
      connectors.map(({ exchange }) => {
        const { bytes, dropped, frames } = sink.counts[registry.wireNumber(exchange.id)] ?? noCounts
        return { venue: exchange.id, frames, bytes, dropped }
      })
  })
})

const noCounts: FrameCounts = { frames: 0, bytes: 0, dropped: 0 }

/** A venue's own description and address, or those of the registered one of that id; an id that nobody has is a defect of the caller. */
const connectionOf = (registry: VenueRegistry, venue: string | VenueConnection): VenueConnection => {
  if (typeof venue !== "string") return venue
  const exchange = registry.get(venue)?.exchange
  if (exchange === undefined) throw new RangeError(`there is no venue ${venue}: register it with layerVenues`)
  return { exchange, endpoints: exchange.endpoints }
}
