/** Every venue's decoder; the compiler holds the list complete. */
import type { FrameDecoderFactory } from "@evenkeel/domain/market/FrameDecoder"
import { sourceIds, type VenueId } from "@evenkeel/domain/market/Venue"
import { makeBinanceDecoder } from "./binance/BinanceDecoder.ts"
import { makeBitfinexDecoder } from "./bitfinex/BitfinexDecoder.ts"
import { makeBitgetDecoder } from "./bitget/BitgetDecoder.ts"
import { makeBitstampDecoder } from "./bitstamp/BitstampDecoder.ts"
import { makeBybitDecoder } from "./bybit/BybitDecoder.ts"
import { makeCoinbaseDecoder } from "./coinbase/CoinbaseDecoder.ts"
import { makeCryptocomDecoder } from "./cryptocom/CryptocomDecoder.ts"
import { makeGateDecoder } from "./gate/GateDecoder.ts"
import { makeGeminiDecoder } from "./gemini/GeminiDecoder.ts"
import { makeHtxDecoder } from "./htx/HtxDecoder.ts"
import { makeKrakenDecoder } from "./kraken/KrakenDecoder.ts"
import { makeKucoinDecoder } from "./kucoin/KucoinDecoder.ts"
import { makeMexcDecoder } from "./mexc/MexcDecoder.ts"
import { makeOkxDecoder } from "./okx/OkxDecoder.ts"

export const decoders: Record<VenueId, FrameDecoderFactory> = {
  binance: makeBinanceDecoder,
  coinbase: makeCoinbaseDecoder,
  kraken: makeKrakenDecoder,
  okx: makeOkxDecoder,
  bybit: makeBybitDecoder,
  kucoin: makeKucoinDecoder,
  htx: makeHtxDecoder,
  gate: makeGateDecoder,
  bitfinex: makeBitfinexDecoder,
  bitstamp: makeBitstampDecoder,
  gemini: makeGeminiDecoder,
  cryptocom: makeCryptocomDecoder,
  bitget: makeBitgetDecoder,
  mexc: makeMexcDecoder
}

/** The decoder of a source; undefined for chains, whose readings come as events. */
export const decoderOf = (id: string): FrameDecoderFactory | undefined => (decoders as Readonly<Record<string, FrameDecoderFactory>>)[id]

/** Every built-in source by wire number, for a hot path in the caller's thread; `Venues` has those of one's own too. */
export const decodedSources = sourceIds.map((id) => ({ id, decoder: decoderOf(id) }))
