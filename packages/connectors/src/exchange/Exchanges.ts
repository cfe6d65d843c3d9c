/** Every venue; the compiler holds the list complete. */
import type { VenueId } from "@evenkeel/domain/market/Venue"
import { binance } from "./binance/BinanceExchange.ts"
import { coinbaseAdvanced } from "./coinbase/CoinbaseExchange.ts"
import type { Exchange } from "./Exchange.ts"
import { kraken } from "./kraken/KrakenExchange.ts"

export const exchanges: Record<VenueId, Exchange> = { binance, coinbase: coinbaseAdvanced, kraken }
