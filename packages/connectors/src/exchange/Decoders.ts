/** Every venue's decoder; the compiler holds the list complete. */
import type { FrameDecoderFactory } from "@evenkeel/domain/market/FrameDecoder"
import type { VenueId } from "@evenkeel/domain/market/Venue"
import { makeBinanceDecoder } from "./binance/BinanceDecoder.ts"
import { makeCoinbaseDecoder } from "./coinbase/CoinbaseDecoder.ts"
import { makeKrakenDecoder } from "./kraken/KrakenDecoder.ts"

export const decoders: Record<VenueId, FrameDecoderFactory> = {
  binance: makeBinanceDecoder,
  coinbase: makeCoinbaseDecoder,
  kraken: makeKrakenDecoder
}
