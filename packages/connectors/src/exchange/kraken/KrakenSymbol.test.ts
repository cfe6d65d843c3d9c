import { assert, describe, it } from "@effect/vitest"
import { feedSymbol, restPair } from "./KrakenSymbol.ts"

describe("KrakenSymbol", () => {
  it("gives a listed pair the feed's names, whole coins only", () => {
    assert.deepStrictEqual(["XBT/USD", "ETH/XBT", "XDG/EUR", "USDC/USD", "XBTC/XDGE"].map(feedSymbol), [
      "BTC/USD",
      "ETH/BTC",
      "DOGE/EUR",
      "USDC/USD",
      "XBTC/XDGE"
    ])
  })

  it("gives a pair the REST API's names", () => {
    assert.deepStrictEqual(["BTC/USD", "DOGE/BTC", "USDC/USD"].map(restPair), ["XBTUSD", "XDGXBT", "USDCUSD"])
  })
})
