/** Every venue; the compiler holds the list complete. */
import type { VenueId } from "@evenkeel/domain/market/Venue"
import { binance } from "./binance/BinanceExchange.ts"
import { bitfinex } from "./bitfinex/BitfinexExchange.ts"
import { bitget } from "./bitget/BitgetExchange.ts"
import { bitstamp } from "./bitstamp/BitstampExchange.ts"
import { bybit } from "./bybit/BybitExchange.ts"
import { coinbaseAdvanced } from "./coinbase/CoinbaseExchange.ts"
import { cryptocom } from "./cryptocom/CryptocomExchange.ts"
import type { Exchange } from "./Exchange.ts"
import { gate } from "./gate/GateExchange.ts"
import { gemini } from "./gemini/GeminiExchange.ts"
import { htx } from "./htx/HtxExchange.ts"
import { kraken } from "./kraken/KrakenExchange.ts"
import { kucoin } from "./kucoin/KucoinExchange.ts"
import { mexc } from "./mexc/MexcExchange.ts"
import { okx } from "./okx/OkxExchange.ts"

export const exchanges: Record<VenueId, Exchange> = {
  binance,
  coinbase: coinbaseAdvanced,
  kraken,
  okx,
  bybit,
  kucoin,
  htx,
  gate,
  bitfinex,
  bitstamp,
  gemini,
  cryptocom,
  bitget,
  mexc
}
