/** Kraken's public reference data by REST: its pairs with their price and quantity steps, and its clock. */
import { Option, Schema } from "effect"
import type { Reference } from "../Exchange.ts"
import { feedSymbol } from "./KrakenSymbol.ts"

export const krakenReference: Reference = {
  listingsPath: "/0/public/AssetPairs",
  decodeListings: (body) => {
    const pairs = Option.getOrUndefined(decodePairs(body))
    return pairs === undefined
      ? undefined
      : Object.values(pairs.result).flatMap(({ lot_decimals, status, tick_size, wsname }) => {
          const symbol = feedSymbol(wsname ?? "")
          const [base, quote] = symbol.split("/")
          if (base === undefined || quote === undefined) return []
          return [{ symbol, base, quote, trading: status === "online", priceStep: tick_size, quantityStep: `1e-${lot_decimals}` }]
        })
  },
  timePath: "/0/public/Time",
  decodeTime: (body) => Option.getOrUndefined(Option.map(decodeTime(body), ({ result }) => result.unixtime * 1000))
}

const decodePairs = Schema.decodeUnknownOption(
  Schema.Struct({
    result: Schema.Record(
      Schema.String,
      Schema.Struct({
        wsname: Schema.optional(Schema.String),
        status: Schema.optional(Schema.String),
        tick_size: Schema.optional(Schema.String),
        lot_decimals: Schema.Int
      })
    )
  })
)
const decodeTime = Schema.decodeUnknownOption(Schema.Struct({ result: Schema.Struct({ unixtime: Schema.Finite }) }))
