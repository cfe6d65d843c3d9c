import { assert, describe, it } from "@effect/vitest"
import { venueIds } from "@evenkeel/domain/market/Venue"
import { exchanges } from "../../exchange/Exchanges.ts"
import { SimulatedInstrument } from "../Market.ts"
import { scenarios } from "../Scenario.ts"
import { symbolOf } from "../Symbols.ts"
import { dialects } from "./Dialects.ts"

const pairs = [
  ["USDC", "USDT"],
  ["BTC", "USD"],
  ["DOGE", "USD"]
] as const

describe.each(venueIds)("%s", (venue) => {
  const scenario = scenarios.calm()
  const instruments = pairs.map(([base, quote]) => ({ venue, symbol: symbolOf[venue](base, quote), base, quote }))
  const market = {
    instruments: new Map(instruments.map((instrument) => [instrument.symbol, new SimulatedInstrument(instrument, scenario, 1)] as const)),
    now: () => scenario.startsAt,
    badChecksums: false
  }
  const ask = (path: string) => {
    const body = dialects[venue].get(new URL(path, "http://venue"), market)
    return typeof body === "string" ? JSON.parse(body) : JSON.parse(JSON.stringify(body))
  }

  it("lists every pair under the symbol that its feed takes, with the coins' usual names", () => {
    const listings = exchanges[venue].decodeListings(ask(exchanges[venue].listingsPath))
    assert.deepStrictEqual(
      listings?.map(({ base, quote, symbol, trading }) => ({ symbol, base, quote, trading })),
      instruments.map(({ base, quote, symbol }) => ({ symbol, base, quote, trading: true }))
    )
  })

  it("answers for every listed pair's book", () => {
    for (const { symbol } of instruments) assert.isDefined(ask(exchanges[venue].book.path(symbol)), symbol)
  })
})
