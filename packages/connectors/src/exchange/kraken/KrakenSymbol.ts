/**
 * Kraken's two spellings of a pair. The feed has the coins' usual names (`BTC/USD`); the REST API keeps the venue's old names for Bitcoin and
 * Dogecoin (`XBT/USD`). https://docs.kraken.com/api/docs/guides/spot-ws-intro
 */
const oldNames: ReadonlyArray<readonly [usual: string, old: string]> = [
  ["BTC", "XBT"],
  ["DOGE", "XDG"]
]

/** `XBT/USD` as the feed has it. */
export const feedSymbol = (listed: string): string => renamed(listed, (coin) => oldNames.find(([, old]) => old === coin)?.[0])

/** `BTC/USD` as the REST API takes it: `XBTUSD`. */
export const restPair = (symbol: string): string =>
  renamed(symbol, (coin) => oldNames.find(([usual]) => usual === coin)?.[1]).replace("/", "")

const renamed = (pair: string, nameOf: (coin: string) => string | undefined): string =>
  pair
    .split("/")
    .map((coin) => nameOf(coin) ?? coin)
    .join("/")
