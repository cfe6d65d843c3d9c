/**
 * An engine of one's own in a few layers: which venues, which coins, and who is told. No database, no server, no thread: for a script, a bot or
 * a lambda.
 */
import { decodedSources } from "@evenkeel/connectors/exchange/Decoders"
import { Instruments } from "@evenkeel/connectors/feed/Instruments"
import { MarketFeed } from "@evenkeel/connectors/feed/MarketFeed"
import { FrameSink } from "@evenkeel/connectors/transport/FrameSink"
import { LevelRecorder } from "@evenkeel/detection/host/LevelRecorder"
import { layerLocal } from "@evenkeel/detection/host/LocalDetection"
import { knownCoins } from "@evenkeel/domain/coin/Coin"
import { layerRuntime } from "@evenkeel/runtime/Runtime"
import { MarketJournal } from "@evenkeel/store/journal/MarketJournal"
import { Layer } from "effect"

const instruments = [{ venue: "kraken", symbol: "USDC/USD", base: "USDC", quote: "USD" }]

/** What is known of USDC, from whatever writes frames: `Detection` tells its levels and values. */
export const detection = layerLocal({
  coins: knownCoins.filter(({ symbol }) => symbol === "USDC"),
  instruments,
  venues: decodedSources
}).pipe(Layer.provide(LevelRecorder.layerNoop))

/** The same fed by Kraken itself; it needs an HTTP client, and `MarketFeed.layerTest` takes its place in tests. */
export const liveEngine = MarketFeed.layer({ venues: ["kraken"] }).pipe(
  Layer.provideMerge(FrameSink.layer({ sampleEvery: 0 })),
  Layer.provideMerge(detection),
  Layer.provideMerge(Layer.mergeAll(Instruments.layer({ instruments, spares: 0 }), MarketJournal.layerNoop, layerRuntime))
)
