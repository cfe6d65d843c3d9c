/** OKX's public reference data by REST: its pairs with their price and quantity steps, and its clock. */
import { Option, Schema } from "effect"
import type { Reference } from "../Exchange.ts"

export const okxReference: Reference = {
  listingsPath: "/api/v5/public/instruments?instType=SPOT",
  decodeListings: (body) =>
    Option.getOrUndefined(decodeInstruments(body))?.data.map(({ baseCcy, instId, lotSz, quoteCcy, state, tickSz }) => ({
      symbol: instId,
      base: baseCcy,
      quote: quoteCcy,
      trading: state === "live",
      priceStep: tickSz,
      quantityStep: lotSz
    })),
  timePath: "/api/v5/public/time",
  decodeTime: (body) => Option.getOrUndefined(Option.map(decodeTime(body), ({ data }) => Number(data[0].ts)))
}

const decodeInstruments = Schema.decodeUnknownOption(
  Schema.Struct({
    data: Schema.Array(
      Schema.Struct({
        instId: Schema.String,
        baseCcy: Schema.String,
        quoteCcy: Schema.String,
        state: Schema.String,
        tickSz: Schema.String,
        lotSz: Schema.String
      })
    )
  })
)
const decodeTime = Schema.decodeUnknownOption(
  Schema.Struct({ data: Schema.TupleWithRest(Schema.Tuple([Schema.Struct({ ts: Schema.String })]), [Schema.Unknown]) })
)
