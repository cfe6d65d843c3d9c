/** Bitget's public reference data by REST: its pairs with their price and quantity steps, and its clock. */
import { Option, Schema } from "effect"
import { type Reference, stepOf } from "../Exchange.ts"

export const bitgetReference: Reference = {
  listingsPath: "/api/v2/spot/public/symbols",
  decodeListings: (body) =>
    Option.getOrUndefined(decodeSymbols(body))?.data.map(({ baseCoin, pricePrecision, quantityPrecision, quoteCoin, status, symbol }) => ({
      symbol,
      base: baseCoin,
      quote: quoteCoin,
      trading: status === "online",
      priceStep: stepOf(Number(pricePrecision)),
      quantityStep: stepOf(Number(quantityPrecision))
    })),
  timePath: "/api/v2/public/time",
  decodeTime: (body) => Option.getOrUndefined(Option.map(decodeTime(body), ({ data }) => Number(data.serverTime)))
}

const decodeSymbols = Schema.decodeUnknownOption(
  Schema.Struct({
    data: Schema.Array(
      Schema.Struct({
        symbol: Schema.String,
        baseCoin: Schema.String,
        quoteCoin: Schema.String,
        status: Schema.String,
        pricePrecision: Schema.String,
        quantityPrecision: Schema.String
      })
    )
  })
)
const decodeTime = Schema.decodeUnknownOption(Schema.Struct({ data: Schema.Struct({ serverTime: Schema.String }) }))
