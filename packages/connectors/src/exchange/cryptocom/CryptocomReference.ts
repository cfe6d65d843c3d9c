/** Crypto.com's public reference data by REST: its pairs with their price and quantity steps, and its clock. */
import { Option, Schema } from "effect"
import type { Reference } from "../Exchange.ts"

export const cryptocomReference: Reference = {
  listingsPath: "/exchange/v1/public/get-instruments",
  decodeListings: (body) =>
    Option.getOrUndefined(decodeInstruments(body))
      ?.result.data.filter(({ inst_type }) => inst_type === "CCY_PAIR")
      .map(({ base_ccy, price_tick_size, qty_tick_size, quote_ccy, symbol, tradable }) => ({
        symbol,
        base: base_ccy,
        quote: quote_ccy,
        trading: tradable,
        priceStep: price_tick_size,
        quantityStep: qty_tick_size
      })),
  timePath: "/exchange/v1/public/get-tickers?instrument_name=BTC_USD",
  decodeTime: (body) => Option.getOrUndefined(Option.map(decodeTime(body), ({ result }) => result.data[0].t))
}

const decodeInstruments = Schema.decodeUnknownOption(
  Schema.Struct({
    result: Schema.Struct({
      data: Schema.Array(
        Schema.Struct({
          symbol: Schema.String,
          inst_type: Schema.String,
          base_ccy: Schema.String,
          quote_ccy: Schema.String,
          tradable: Schema.Boolean,
          price_tick_size: Schema.optional(Schema.String),
          qty_tick_size: Schema.optional(Schema.String)
        })
      )
    })
  })
)
const decodeTime = Schema.decodeUnknownOption(
  Schema.Struct({
    result: Schema.Struct({ data: Schema.TupleWithRest(Schema.Tuple([Schema.Struct({ t: Schema.Finite })]), [Schema.Unknown]) })
  })
)
