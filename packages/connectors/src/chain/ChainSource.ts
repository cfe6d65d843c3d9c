/** What can be watched on a chain, as configuration names it. */
import { CoinSymbol } from "@evenkeel/domain/coin/Coin"
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import type { ChainId } from "@evenkeel/domain/market/Venue"
import { Schema } from "effect"

const Decimals = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 36 }))
const Token = Schema.Struct({ coin: CoinSymbol, decimals: Decimals })
/** The coin that is priced, and the one it is priced in. */
const pair = { base: CoinSymbol, quote: CoinSymbol, address: Schema.NonEmptyString }

/** A Curve StableSwap pool, its tokens in the contract's order. */
export const StableSwapSource = Schema.TaggedStruct("StableSwap", {
  ...pair,
  tokens: Schema.Array(Token).check(Schema.isMinLength(2)),
  /** 100 for pools that keep `A` with two more digits. */
  amplificationPrecision: Schema.optional(Schema.Int)
})
/** A Uniswap V2 pool: token 0, token 1. */
export const ConstantProductSource = Schema.TaggedStruct("ConstantProduct", { ...pair, tokens: Schema.Tuple([Token, Token]) })
/** A Uniswap V3 pool: token 0, token 1. */
export const ConcentratedLiquiditySource = Schema.TaggedStruct("ConcentratedLiquidity", { ...pair, tokens: Schema.Tuple([Token, Token]) })
/** An ERC-20, TRC-20 or SPL token. */
export const TokenSupplySource = Schema.TaggedStruct("TokenSupply", {
  coin: CoinSymbol,
  address: Schema.NonEmptyString,
  decimals: Decimals
})
/**
 * A Chainlink aggregator. It writes a round when the price has moved by `deviationBps`, and otherwise every `heartbeatSeconds`:
 * https://data.chain.link says both of each feed. Most feeds of stablecoins have the numbers that are taken when they are left out.
 */
export const PriceFeedSource = Schema.TaggedStruct("PriceFeed", {
  ...pair,
  decimals: Decimals,
  deviationBps: Schema.optional(Schema.Finite.check(Schema.isGreaterThan(0))),
  heartbeatSeconds: Schema.optional(Schema.Finite.check(Schema.isGreaterThan(0)))
})
export const feedDefaults = { deviationBps: 25, heartbeatSeconds: 86_400 }
export const GasSource = Schema.TaggedStruct("Gas", {})

export const ChainSource = Schema.Union([
  StableSwapSource,
  ConstantProductSource,
  ConcentratedLiquiditySource,
  TokenSupplySource,
  PriceFeedSource,
  GasSource
])
export type ChainSource = typeof ChainSource.Type

/** For people and keys: `StableSwap:0xbEbc…:USDC/USDT`. */
export const sourceName = (source: ChainSource): string => {
  switch (source._tag) {
    case "Gas":
      return "Gas"
    case "TokenSupply":
      return `TokenSupply:${source.address}:${source.coin}`
    default:
      return `${source._tag}:${source.address}:${source.base}/${source.quote}`
  }
}

/** A source as an instrument: pools and feeds price a pair, a supply speaks of one coin. Gas prices no coin. */
export const sourceInstrument = (chain: ChainId, source: ChainSource): Instrument => ({
  venue: chain,
  symbol: sourceName(source),
  base: source._tag === "Gas" ? "GAS" : source._tag === "TokenSupply" ? source.coin : source.base,
  quote: source._tag === "Gas" || source._tag === "TokenSupply" ? "USD" : source.quote
})
