/** Gemini's public reference data by REST: its pairs with their price and quantity steps, and its clock. */
import { Option, Schema } from "effect"
import type { Reference } from "../Exchange.ts"

/** The list has bare names: the quote is the longest known one at the end. */
const quotes = ["GUSD", "RLUSD", "USDT", "USDC", "USD", "EUR", "GBP", "SGD", "BTC", "ETH", "SOL", "LTC", "BCH", "DAI", "FIL"]

export const geminiReference: Reference = {
  listingsPath: "/v1/symbols",
  decodeListings: (body) =>
    Option.getOrUndefined(decodeSymbols(body))?.flatMap((listed) => {
      const symbol = listed.toUpperCase()
      const quote = quotes.find((known) => symbol.length > known.length && symbol.endsWith(known))
      if (quote === undefined) return []
      return [{ symbol, base: symbol.slice(0, -quote.length), quote, trading: true, priceStep: undefined, quantityStep: undefined }]
    }),
  timePath: "/v1/symbols",
  // The venue's clock is not offered.
  decodeTime: () => undefined
}

const decodeSymbols = Schema.decodeUnknownOption(Schema.Array(Schema.String))
