/** Where each venue's decoder is exported, for threads: code cannot cross them. The compiler holds the list complete. */
import { sourceIds, type VenueId, venueIds } from "@evenkeel/domain/market/Venue"

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

const moduleOf = (source: string) => {
  const id = venueIds.find((venue) => venue === source)
  return id === undefined ? undefined : decoderModule(id)
}

/** Every built-in source by wire number, for the hot path's thread; `Venues` has those of one's own too. */
export const threadSources = sourceIds.map((id) => ({ id, decoder: moduleOf(id) }))
