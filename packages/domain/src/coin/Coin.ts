/**
 * A coin that promises to hold a value, and what it promises.
 *
 * The list is a default, not a limit: configuration may name any coin. A symbol that is not listed
 * is taken as pegged to one dollar when its name says so, and as no stablecoin otherwise.
 */
import { Schema } from "effect"

/** A ticker in upper case, at most 12 characters: `USDC`. */
export const CoinSymbol = Schema.String.check(Schema.isPattern(/^[A-Z0-9]{1,12}$/))
export type CoinSymbol = typeof CoinSymbol.Type

/** What a coin is pegged to: a currency, which is worth `1` in its own unit. */
export const Peg = Schema.Literals(["USD", "EUR"])
export type Peg = typeof Peg.Type

export const Coin = Schema.Struct({
  symbol: CoinSymbol,
  peg: Peg,
  /**
   * How firmly the coin is believed to stand at its peg, next to others, where no pair reaches its currency: of a lone pair
   * the weaker coin is blamed, and a quote coin only when the coins that move against it outweigh it.
   */
  anchor: Schema.Finite.check(Schema.isBetween({ minimum: 0.1, maximum: 100 })),
  /** The coin bears a rate: it is worth a slowly growing index of its peg, and is judged against its own trend. */
  rateBearing: Schema.optionalKey(Schema.Boolean)
})
export type Coin = typeof Coin.Type

const usd = (symbol: string, anchor = 1): Coin => ({ symbol, peg: "USD", anchor })

/** Coins known by name. USDT, in which most pairs are quoted, outweighs two others but not three. */
export const knownCoins: ReadonlyArray<Coin> = [
  usd("USDT", 2.5),
  usd("USDC", 1.2),
  usd("DAI"),
  usd("BUSD"),
  usd("TUSD"),
  usd("USDP"),
  usd("PAX"),
  usd("FDUSD"),
  usd("PYUSD"),
  usd("USDS"),
  usd("USD1"),
  usd("USDE"),
  usd("FRAX"),
  usd("LUSD"),
  usd("GHO"),
  usd("CRVUSD"),
  usd("GUSD"),
  usd("SUSD"),
  usd("UST"),
  usd("USTC"),
  usd("MIM"),
  usd("USDD"),
  usd("USDN"),
  usd("XUSD"),
  usd("USDTB"),
  usd("USDG"),
  usd("RLUSD"),
  usd("USD0"),
  usd("FRXUSD"),
  usd("USDB"),
  { ...usd("SDAI"), rateBearing: true },
  { ...usd("SUSDE"), rateBearing: true },
  { ...usd("SUSDS"), rateBearing: true },
  { ...usd("SFRAX"), rateBearing: true },
  { ...usd("USDY"), rateBearing: true },
  { symbol: "EURC", peg: "EUR", anchor: 1 },
  { symbol: "EURS", peg: "EUR", anchor: 1 },
  { symbol: "EURI", peg: "EUR", anchor: 1 },
  { symbol: "EURCV", peg: "EUR", anchor: 1 },
  { symbol: "EURT", peg: "EUR", anchor: 1 }
]

/** Currencies that ground the graph of coins: one unit is worth one unit. */
export const currencies: ReadonlyArray<Peg> = ["USD", "EUR"]

export const isCurrency = (symbol: string): symbol is Peg => currencies.some((currency) => currency === symbol)

/** The coin of that symbol, or undefined when it is no stablecoin (`BTC`) or a currency itself. */
export const coinOf = (symbol: string): Coin | undefined =>
  knownCoins.find((coin) => coin.symbol === symbol) ?? (!isCurrency(symbol) && /USD/.test(symbol) ? usd(symbol) : undefined)
