/**
 * Stablecoins and the currencies that they are pegged to.
 *
 * The list holds defaults: configuration may name any coin. An unlisted symbol that contains `USD` counts as pegged to the dollar; any
 * other unlisted symbol is not a stablecoin.
 */
import { Schema } from "effect"

/** A ticker in upper case, at most 12 characters: `USDC`. */
export const CoinSymbol = Schema.String.check(Schema.isPattern(/^[A-Z0-9]{1,12}$/))
export type CoinSymbol = typeof CoinSymbol.Type

/** The currency that a coin is pegged to. */
export const Peg = Schema.Literals(["USD", "EUR"])
export type Peg = typeof Peg.Type

export const Coin = Schema.Struct({
  symbol: CoinSymbol,
  peg: Peg,
  /**
   * Weight of the prior belief that the coin is at its peg, 0.1 to 100. It decides only where no pair leads to the currency itself: of two
   * coins the one with the lower weight is blamed, and a quote coin is blamed only when the coins that move against it outweigh it together.
   */
  anchor: Schema.Finite.check(Schema.isBetween({ minimum: 0.1, maximum: 100 })),
  /** The coin accrues interest: its value grows slowly above its peg, and it is judged against its own trend. */
  rateBearing: Schema.optionalKey(Schema.Boolean)
})
export type Coin = typeof Coin.Type

const usd = (symbol: string, anchor = 1): Coin => ({ symbol, peg: "USD", anchor })

/** Default coins. USDT, the quote coin of most pairs, has an anchor that outweighs two other coins but not three. */
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

export const isCurrency = (symbol: string): symbol is Peg => Peg.literals.some((currency) => currency === symbol)

/** The coin with this symbol; undefined for a currency (`USD`) and for what is not a stablecoin (`BTC`). */
export const coinOf = (symbol: string): Coin | undefined =>
  knownCoins.find((coin) => coin.symbol === symbol) ?? (!isCurrency(symbol) && /USD/.test(symbol) ? usd(symbol) : undefined)
