/** How venues write pairs. */
import type { VenueId } from "@evenkeel/domain/market/Venue"

/** As each venue writes a pair. */
export const symbolOf: Record<VenueId, (base: string, quote: string) => string> = {
  binance: (base, quote) => base + quote,
  coinbase: (base, quote) => `${base}-${quote}`,
  kraken: (base, quote) => `${base}/${quote}`,
  okx: (base, quote) => `${base}-${quote}`,
  bybit: (base, quote) => base + quote,
  kucoin: (base, quote) => `${base}-${quote}`,
  htx: (base, quote) => (base + quote).toLowerCase(),
  gate: (base, quote) => `${base}_${quote}`,
  bitfinex: (base, quote) => `t${base}:${quote}`,
  bitstamp: (base, quote) => (base + quote).toLowerCase(),
  gemini: (base, quote) => base + quote,
  cryptocom: (base, quote) => `${base}_${quote}`,
  bitget: (base, quote) => base + quote,
  mexc: (base, quote) => base + quote
}
