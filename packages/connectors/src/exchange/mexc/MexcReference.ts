/** MEXC's public reference data by REST: its pairs with their price and quantity steps, and its clock. */
import { Option, Schema } from "effect"
import { type Reference, stepOf } from "../Exchange.ts"

export const mexcReference: Reference = {
  listingsPath: "/api/v3/exchangeInfo",
  decodeListings: (body) =>
    Option.getOrUndefined(decodeExchangeInfo(body))?.symbols.map(
      ({ baseAsset, baseAssetPrecision, isSpotTradingAllowed, quoteAsset, quotePrecision, status, symbol }) => ({
        symbol,
        base: baseAsset,
        quote: quoteAsset,
        trading: isSpotTradingAllowed && (status === "1" || status === "ENABLED"),
        priceStep: stepOf(quotePrecision),
        quantityStep: stepOf(baseAssetPrecision)
      })
    ),
  timePath: "/api/v3/time",
  decodeTime: (body) => Option.getOrUndefined(Option.map(decodeTime(body), ({ serverTime }) => serverTime))
}

const decodeExchangeInfo = Schema.decodeUnknownOption(
  Schema.Struct({
    symbols: Schema.Array(
      Schema.Struct({
        symbol: Schema.String,
        status: Schema.String,
        baseAsset: Schema.String,
        quoteAsset: Schema.String,
        baseAssetPrecision: Schema.Int,
        quotePrecision: Schema.Int,
        isSpotTradingAllowed: Schema.Boolean
      })
    )
  })
)
const decodeTime = Schema.decodeUnknownOption(Schema.Struct({ serverTime: Schema.Finite }))
