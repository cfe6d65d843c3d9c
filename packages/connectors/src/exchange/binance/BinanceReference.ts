/** Binance's public reference data by REST: its pairs with their price and quantity steps, and its clock. */
import { Option, Schema } from "effect"
import type { Reference } from "../Exchange.ts"

export const binanceReference: Reference = {
  listingsPath: "/api/v3/exchangeInfo?permissions=SPOT",
  decodeListings: (body) =>
    Option.getOrUndefined(decodeExchangeInfo(body))?.symbols.map(({ baseAsset, filters, quoteAsset, status, symbol }) => ({
      symbol,
      base: baseAsset,
      quote: quoteAsset,
      trading: status === "TRADING",
      priceStep: filters.find(({ filterType }) => filterType === "PRICE_FILTER")?.tickSize,
      quantityStep: filters.find(({ filterType }) => filterType === "LOT_SIZE")?.stepSize
    })),
  timePath: "/api/v3/time",
  decodeTime: (body) => Option.getOrUndefined(decodeTime(body))?.serverTime
}

const decodeExchangeInfo = Schema.decodeUnknownOption(
  Schema.Struct({
    symbols: Schema.Array(
      Schema.Struct({
        symbol: Schema.String,
        status: Schema.String,
        baseAsset: Schema.String,
        quoteAsset: Schema.String,
        filters: Schema.Array(
          Schema.Struct({
            filterType: Schema.optional(Schema.String),
            tickSize: Schema.optional(Schema.String),
            stepSize: Schema.optional(Schema.String)
          })
        )
      })
    )
  })
)
const decodeTime = Schema.decodeUnknownOption(Schema.Struct({ serverTime: Schema.Finite }))
