/**
 * An engine of one's own in a few layers: which venues, which coins, and who is alerted. No server and no thread: for a script or a bot.
 *
 * What happened and what must still be delivered is kept in the memory of the process; with a directory in its place, or `layerPostgres`, it
 * survives a restart.
 */
import { layerAlerting } from "@evenkeel/alerting/Alerting"
import { type Receiver, Receivers } from "@evenkeel/alerting/receiver/Receiver"
import { decodedSources } from "@evenkeel/connectors/exchange/Decoders"
import { Instruments } from "@evenkeel/connectors/feed/Instruments"
import { MarketFeed, type MarketFeedOptions } from "@evenkeel/connectors/feed/MarketFeed"
import { FrameSink } from "@evenkeel/connectors/transport/FrameSink"
import { LevelRecorder } from "@evenkeel/detection/host/LevelRecorder"
import { layerLocal } from "@evenkeel/detection/host/LocalDetection"
import { knownCoins } from "@evenkeel/domain/coin/Coin"
import { layerRuntime } from "@evenkeel/runtime/Runtime"
import { layerPglite } from "@evenkeel/store/database/Database"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { MarketJournal } from "@evenkeel/store/journal/MarketJournal"
import { Outbox } from "@evenkeel/store/outbox/Outbox"
import { Layer } from "effect"

const instruments = [{ venue: "kraken", symbol: "USDC/USD", base: "USDC", quote: "USD" }]

/** Levels and values of USDC, from whatever writes frames. */
export const detection = layerLocal({
  coins: knownCoins.filter(({ symbol }) => symbol === "USDC"),
  instruments,
  venues: decodedSources
})

/** The log of level changes, and alerts that follow it. */
export const alerting = (receivers: ReadonlyArray<Receiver>) =>
  Layer.merge(LevelRecorder.layer, layerAlerting({ owner: "custom" })).pipe(
    Layer.provide(Layer.succeed(Receivers, receivers)),
    Layer.provide(Outbox.layer),
    Layer.provideMerge(EventStore.layer),
    Layer.provide(layerPglite("memory://"))
  )

/** All of it, fed by Kraken or wherever `venues` says. It needs a file system and an HTTP client: `NodeServices.layer` and `NodeHttpClient.layerUndici`. */
export const customEngine = (receivers: ReadonlyArray<Receiver>, venues: MarketFeedOptions["venues"] = ["kraken"]) =>
  MarketFeed.layer({ venues }).pipe(
    Layer.provideMerge(FrameSink.layer({ sampleEvery: 0 })),
    Layer.provideMerge(detection),
    Layer.provideMerge(alerting(receivers)),
    Layer.provideMerge(Layer.mergeAll(Instruments.layer({ instruments, spares: 0 }), MarketJournal.layerNoop, layerRuntime))
  )
