/** Every built-in venue: its feed and its reference data, put together. The compiler holds the list complete. */
import type { VenueId } from "@evenkeel/domain/market/Venue"
import { binanceFeed } from "./binance/BinanceFeed.ts"
import { binanceReference } from "./binance/BinanceReference.ts"
import { bitfinexFeed } from "./bitfinex/BitfinexFeed.ts"
import { bitfinexReference } from "./bitfinex/BitfinexReference.ts"
import { bitgetFeed } from "./bitget/BitgetFeed.ts"
import { bitgetReference } from "./bitget/BitgetReference.ts"
import { bitstampFeed } from "./bitstamp/BitstampFeed.ts"
import { bitstampReference } from "./bitstamp/BitstampReference.ts"
import { bybitFeed } from "./bybit/BybitFeed.ts"
import { bybitReference } from "./bybit/BybitReference.ts"
import { coinbaseAdvancedFeed, coinbaseExchangeFeed } from "./coinbase/CoinbaseFeed.ts"
import { coinbaseReference } from "./coinbase/CoinbaseReference.ts"
import { cryptocomFeed } from "./cryptocom/CryptocomFeed.ts"
import { cryptocomReference } from "./cryptocom/CryptocomReference.ts"
import type { Exchange } from "./Exchange.ts"
import { gateFeed } from "./gate/GateFeed.ts"
import { gateReference } from "./gate/GateReference.ts"
import { geminiFeed } from "./gemini/GeminiFeed.ts"
import { geminiReference } from "./gemini/GeminiReference.ts"
import { htxFeed } from "./htx/HtxFeed.ts"
import { htxReference } from "./htx/HtxReference.ts"
import { krakenFeed } from "./kraken/KrakenFeed.ts"
import { krakenReference } from "./kraken/KrakenReference.ts"
import { kucoinFeed } from "./kucoin/KucoinFeed.ts"
import { kucoinReference } from "./kucoin/KucoinReference.ts"
import { mexcFeed } from "./mexc/MexcFeed.ts"
import { mexcReference } from "./mexc/MexcReference.ts"
import { okxFeed } from "./okx/OkxFeed.ts"
import { okxReference } from "./okx/OkxReference.ts"

export const exchanges: Record<VenueId, Exchange> = {
  binance: { ...binanceFeed, ...binanceReference },
  coinbase: { ...coinbaseAdvancedFeed, ...coinbaseReference },
  kraken: { ...krakenFeed, ...krakenReference },
  okx: { ...okxFeed, ...okxReference },
  bybit: { ...bybitFeed, ...bybitReference },
  kucoin: { ...kucoinFeed, ...kucoinReference },
  htx: { ...htxFeed, ...htxReference },
  gate: { ...gateFeed, ...gateReference },
  bitfinex: { ...bitfinexFeed, ...bitfinexReference },
  bitstamp: { ...bitstampFeed, ...bitstampReference },
  gemini: { ...geminiFeed, ...geminiReference },
  cryptocom: { ...cryptocomFeed, ...cryptocomReference },
  bitget: { ...bitgetFeed, ...bitgetReference },
  mexc: { ...mexcFeed, ...mexcReference }
}

/** Coinbase by its older feed, which the configuration may choose. */
export const coinbaseExchange: Exchange = { ...coinbaseExchangeFeed, ...coinbaseReference }
