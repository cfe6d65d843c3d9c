/** Where each venue's decoder is exported, for threads: code cannot cross them. The compiler holds the list complete. */
import type { VenueId } from "@evenkeel/domain/market/Venue"

const factories: Readonly<Record<VenueId, string>> = {
  binance: "makeBinanceDecoder",
  coinbase: "makeCoinbaseDecoder",
  kraken: "makeKrakenDecoder",
  okx: "makeOkxDecoder",
  bybit: "makeBybitDecoder",
  kucoin: "makeKucoinDecoder",
  htx: "makeHtxDecoder",
  gate: "makeGateDecoder",
  bitfinex: "makeBitfinexDecoder",
  bitstamp: "makeBitstampDecoder",
  gemini: "makeGeminiDecoder",
  cryptocom: "makeCryptocomDecoder",
  bitget: "makeBitgetDecoder",
  mexc: "makeMexcDecoder"
}

/** The module of a built-in venue's decoder and the name under which it exports the factory. */
export const decoderModule = (id: VenueId) => {
  const factory = factories[id]
  return { module: import.meta.resolve(`@evenkeel/connectors/exchange/${id}/${factory.slice("make".length)}`), export: factory }
}
