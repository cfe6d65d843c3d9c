/** Bybit's public reference data by REST: its pairs with their price and quantity steps, and its clock. */
import { Option, Schema } from "effect"
import type { Reference } from "../Exchange.ts"

export const bybitReference: Reference = {
  listingsPath: "/v5/market/instruments-info?category=spot&limit=1000",
  decodeListings: (body) =>
    Option.getOrUndefined(decodeInstruments(body))?.result.list.map(
      ({ baseCoin, lotSizeFilter, priceFilter, quoteCoin, status, symbol }) => ({
        symbol,
        base: baseCoin,
        quote: quoteCoin,
        trading: status === "Trading",
        priceStep: priceFilter.tickSize,
        quantityStep: lotSizeFilter.basePrecision
      })
    ),
  timePath: "/v5/market/time",
  decodeTime: (body) => Option.getOrUndefined(Option.map(decodeTime(body), ({ time }) => time))
}

const decodeInstruments = Schema.decodeUnknownOption(
  Schema.Struct({
    result: Schema.Struct({
      list: Schema.Array(
        Schema.Struct({
          symbol: Schema.String,
          baseCoin: Schema.String,
          quoteCoin: Schema.String,
          status: Schema.String,
          priceFilter: Schema.Struct({ tickSize: Schema.optional(Schema.String) }),
          lotSizeFilter: Schema.Struct({ basePrecision: Schema.optional(Schema.String) })
        })
      )
    })
  })
)
const decodeTime = Schema.decodeUnknownOption(Schema.Struct({ time: Schema.Finite }))
