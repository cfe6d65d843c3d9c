/** Every venue's side of its protocol; the compiler holds the list complete. */
import type { VenueId } from "@evenkeel/domain/market/Venue"
import { binanceDialect } from "./BinanceDialect.ts"
import { bitfinexDialect } from "./BitfinexDialect.ts"
import { bitgetDialect } from "./BitgetDialect.ts"
import { bitstampDialect } from "./BitstampDialect.ts"
import { bybitDialect } from "./BybitDialect.ts"
import { coinbaseDialect } from "./CoinbaseDialect.ts"
import { cryptocomDialect } from "./CryptocomDialect.ts"
import type { Dialect } from "./Dialect.ts"
import { gateDialect } from "./GateDialect.ts"
import { geminiDialect } from "./GeminiDialect.ts"
import { htxDialect } from "./HtxDialect.ts"
import { krakenDialect } from "./KrakenDialect.ts"
import { kucoinDialect } from "./KucoinDialect.ts"
import { mexcDialect } from "./MexcDialect.ts"
import { okxDialect } from "./OkxDialect.ts"

export const dialects: Record<VenueId, Dialect> = {
  binance: binanceDialect,
  coinbase: coinbaseDialect,
  kraken: krakenDialect,
  okx: okxDialect,
  bybit: bybitDialect,
  kucoin: kucoinDialect,
  htx: htxDialect,
  gate: gateDialect,
  bitfinex: bitfinexDialect,
  bitstamp: bitstampDialect,
  gemini: geminiDialect,
  cryptocom: cryptocomDialect,
  bitget: bitgetDialect,
  mexc: mexcDialect
}
