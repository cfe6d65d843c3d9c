/** Where each venue's decoder is exported, for threads: code cannot cross them. The compiler holds the list complete. */
import { sourceIds, type VenueId } from "@evenkeel/domain/market/Venue"

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

const ending = import.meta.url.slice(import.meta.url.lastIndexOf("."))

const moduleOf = (id: string) => {
  const factory = (factories as Readonly<Record<string, string>>)[id]
  if (factory === undefined) return undefined
  return { module: new URL(`./${id}/${factory.slice("make".length)}${ending}`, import.meta.url).href, export: factory }
}

/** Every source by wire number, as the hot path's thread wants them. */
export const threadSources = sourceIds.map((id) => ({ id, decoder: moduleOf(id) }))
