/** KuCoin's public reference data by REST: its pairs with their price and quantity steps, and its clock. */
import { Option, Schema } from "effect"
import type { Reference } from "../Exchange.ts"

export const kucoinReference: Reference = {
  listingsPath: "/api/v2/symbols",
  decodeListings: (body) =>
    Option.getOrUndefined(decodeSymbols(body))?.data.map(
      ({ baseCurrency, baseIncrement, enableTrading, priceIncrement, quoteCurrency, symbol }) => ({
        symbol,
        base: baseCurrency,
        quote: quoteCurrency,
        trading: enableTrading,
        priceStep: priceIncrement,
        quantityStep: baseIncrement
      })
    ),
  timePath: "/api/v1/timestamp",
  decodeTime: (body) => Option.getOrUndefined(Option.map(decodeTime(body), ({ data }) => data))
}

const decodeSymbols = Schema.decodeUnknownOption(
  Schema.Struct({
    data: Schema.Array(
      Schema.Struct({
        symbol: Schema.String,
        baseCurrency: Schema.String,
        quoteCurrency: Schema.String,
        baseIncrement: Schema.String,
        priceIncrement: Schema.String,
        enableTrading: Schema.Boolean
      })
    )
  })
)
const decodeTime = Schema.decodeUnknownOption(Schema.Struct({ data: Schema.Finite }))
