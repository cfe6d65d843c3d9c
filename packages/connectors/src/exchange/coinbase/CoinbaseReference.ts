/** Coinbase's public reference data by REST, the same for both feeds: its pairs with their price and quantity steps, and its clock. */
import { Option, Schema } from "effect"
import type { Reference } from "../Exchange.ts"

export const coinbaseReference: Reference = {
  listingsPath: "/products",
  decodeListings: (body) =>
    Option.getOrUndefined(decodeProducts(body))?.map(
      ({ base_currency, base_increment, id, quote_currency, quote_increment, status, trading_disabled }) => ({
        symbol: id,
        base: base_currency,
        quote: quote_currency,
        trading: status === "online" && trading_disabled !== true,
        priceStep: quote_increment,
        quantityStep: base_increment
      })
    ),
  timePath: "/time",
  decodeTime: (body) => Option.getOrUndefined(Option.map(decodeTime(body), ({ iso }) => Date.parse(iso)))
}

const decodeProducts = Schema.decodeUnknownOption(
  Schema.Array(
    Schema.Struct({
      id: Schema.String,
      base_currency: Schema.String,
      quote_currency: Schema.String,
      status: Schema.String,
      trading_disabled: Schema.optional(Schema.Boolean),
      quote_increment: Schema.optional(Schema.String),
      base_increment: Schema.optional(Schema.String)
    })
  )
)
const decodeTime = Schema.decodeUnknownOption(Schema.Struct({ iso: Schema.String }))
