/** Bitstamp's public reference data by REST: its pairs with their price and quantity steps, and its clock. */
import { Option, Schema } from "effect"
import { type Reference, stepOf } from "../Exchange.ts"

export const bitstampReference: Reference = {
  listingsPath: "/api/v2/trading-pairs-info/",
  decodeListings: (body) =>
    Option.getOrUndefined(decodePairs(body))?.map(({ base_decimals, counter_decimals, name, trading, url_symbol }) => {
      const [base = "", quote = ""] = name.split("/")
      return {
        symbol: url_symbol,
        base,
        quote,
        trading: trading === "Enabled",
        priceStep: stepOf(counter_decimals),
        quantityStep: stepOf(base_decimals)
      }
    }),
  timePath: "/api/v2/ticker/btcusd/",
  // Of whole seconds, and as old as the venue's last ticker.
  decodeTime: (body) => Option.getOrUndefined(Option.map(decodeTime(body), ({ timestamp }) => Number(timestamp) * 1000))
}

const decodePairs = Schema.decodeUnknownOption(
  Schema.Array(
    Schema.Struct({
      url_symbol: Schema.String,
      name: Schema.String,
      trading: Schema.String,
      base_decimals: Schema.Int,
      counter_decimals: Schema.Int
    })
  )
)
const decodeTime = Schema.decodeUnknownOption(Schema.Struct({ timestamp: Schema.String }))
