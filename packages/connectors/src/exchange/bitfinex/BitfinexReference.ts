/** Bitfinex's public reference data by REST: its pairs with their price and quantity steps, and its clock. */
import { Option, Schema } from "effect"
import type { Reference } from "../Exchange.ts"

/** `tBTCUSD`, `tTESTBTC:TESTUSD`: the venue's own names for some coins. */
const coins: Readonly<Record<string, string>> = { UST: "USDT", UDC: "USDC", TSD: "TUSD", EUT: "EURT", FDU: "FDUSD" }

export const bitfinexReference: Reference = {
  listingsPath: "/v2/conf/pub:info:pair",
  decodeListings: (body) =>
    Option.getOrUndefined(decodePairs(body))?.[0].map(([pair]) => {
      const [base = "", quote = ""] = pair.includes(":") ? pair.split(":") : [pair.slice(0, 3), pair.slice(3)]
      return {
        symbol: `t${pair}`,
        base: coins[base] ?? base,
        quote: coins[quote] ?? quote,
        trading: true,
        priceStep: undefined,
        quantityStep: undefined
      }
    }),
  timePath: "/v2/platform/status",
  // The venue does not offer its clock, only whether it operates (1).
  decodeTime: () => undefined
}

const decodePairs = Schema.decodeUnknownOption(
  Schema.TupleWithRest(Schema.Tuple([Schema.Array(Schema.TupleWithRest(Schema.Tuple([Schema.String]), [Schema.Unknown]))]), [
    Schema.Unknown
  ])
)
