/** Gate's public reference data by REST: its pairs with their price and quantity steps, and its clock. */
import { Option, Schema } from "effect"
import { type Reference, stepOf } from "../Exchange.ts"

export const gateReference: Reference = {
  listingsPath: "/api/v4/spot/currency_pairs",
  decodeListings: (body) =>
    Option.getOrUndefined(decodePairs(body))?.map(({ amount_precision, base, id, precision, quote, trade_status }) => ({
      symbol: id,
      base,
      quote,
      trading: trade_status === "tradable",
      priceStep: stepOf(precision),
      quantityStep: stepOf(amount_precision)
    })),
  timePath: "/api/v4/spot/time",
  decodeTime: (body) => Option.getOrUndefined(Option.map(decodeTime(body), ({ server_time }) => server_time))
}

const decodePairs = Schema.decodeUnknownOption(
  Schema.Array(
    Schema.Struct({
      id: Schema.String,
      base: Schema.String,
      quote: Schema.String,
      trade_status: Schema.String,
      precision: Schema.Int,
      amount_precision: Schema.Int
    })
  )
)
const decodeTime = Schema.decodeUnknownOption(Schema.Struct({ server_time: Schema.Finite }))
