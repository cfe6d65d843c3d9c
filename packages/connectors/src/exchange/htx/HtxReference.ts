/** HTX's public reference data by REST: its pairs with their price and quantity steps, and its clock. */
import { Option, Schema } from "effect"
import { type Reference, stepOf } from "../Exchange.ts"

export const htxReference: Reference = {
  listingsPath: "/v1/common/symbols",
  decodeListings: (body) =>
    Option.getOrUndefined(decodeSymbols(body))?.data.map((listed) => ({
      symbol: listed.symbol,
      base: listed["base-currency"].toUpperCase(),
      quote: listed["quote-currency"].toUpperCase(),
      trading: listed.state === "online",
      priceStep: stepOf(listed["price-precision"]),
      quantityStep: stepOf(listed["amount-precision"])
    })),
  timePath: "/v1/common/timestamp",
  decodeTime: (body) => Option.getOrUndefined(Option.map(decodeTime(body), ({ data }) => data))
}

const decodeSymbols = Schema.decodeUnknownOption(
  Schema.Struct({
    data: Schema.Array(
      Schema.Struct({
        symbol: Schema.String,
        "base-currency": Schema.String,
        "quote-currency": Schema.String,
        state: Schema.String,
        "price-precision": Schema.Int,
        "amount-precision": Schema.Int
      })
    )
  })
)
const decodeTime = Schema.decodeUnknownOption(Schema.Struct({ data: Schema.Finite }))
