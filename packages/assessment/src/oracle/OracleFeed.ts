/** A price feed as configuration names it. */
import { CoinSymbol } from "@evenkeel/domain/coin/Coin"
import { ChainId } from "@evenkeel/domain/market/Venue"
import { Schema } from "effect"

const Positive = Schema.Finite.check(Schema.isGreaterThan(0))

/** A Chainlink aggregator, or the proxy before it, over the endpoints that are configured of its chain. */
export const ChainlinkSource = Schema.TaggedStruct("Chainlink", {
  chain: ChainId.check(
    Schema.makeFilter((chain: ChainId) => chain !== "tron" && chain !== "solana", { expected: "a chain of the Ethereum kind" })
  ),
  address: Schema.String.check(Schema.isPattern(/^0x[0-9a-fA-F]{40}$/)),
  /** Digits behind the point that those who use the feed count on. */
  decimals: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 36 }))
})
/** A price that never changes: what a protocol does that takes a coin for a dollar. */
export const ConstantSource = Schema.TaggedStruct("Constant", { price: Positive })
/** A file of rounds, read again each time; see `RoundFile`. */
export const RoundFileSource = Schema.TaggedStruct("RoundFile", { file: Schema.NonEmptyString })
/** A JSON document with a price in it. */
export const HttpSource = Schema.TaggedStruct("Http", {
  /** It may hold a key: only its host is shown. */
  url: Schema.Redacted(
    Schema.String.check(
      Schema.isPattern(/^https?:\/\//),
      Schema.makeFilter((text: string) => URL.canParse(text), { expected: "an address" })
    )
  ),
  /** Where the price stands: `data.price`, `prices.0.value`. */
  price: Schema.NonEmptyString,
  /** Where its time stands, Unix seconds or milliseconds or ISO 8601; without it an answer counts as new. */
  updatedAt: Schema.optional(Schema.NonEmptyString)
})

export const OracleSource = Schema.Union([ChainlinkSource, ConstantSource, RoundFileSource, HttpSource])
export type OracleSource = typeof OracleSource.Type

export const OracleFeed = Schema.Struct({
  /** For people, addresses and labels. */
  name: Schema.String.check(Schema.isPattern(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)),
  coin: CoinSymbol,
  source: OracleSource,
  /** As the feed promises: https://data.chain.link has both of each Chainlink feed. 86,400 and 25 when left out, as of most feeds of stablecoins. */
  heartbeatSeconds: Schema.optional(Positive),
  deviationBps: Schema.optional(Positive),
  /** A gap from here on is unsafe. */
  unsafeGapBps: Schema.optional(Positive),
  /** Bounds of the feed's answers, where the contract does not tell them. */
  minimumAnswer: Schema.optional(Positive),
  maximumAnswer: Schema.optional(Positive),
  /** Between two readings; 30 when left out. */
  everySeconds: Schema.optional(Schema.Finite.check(Schema.isBetween({ minimum: 1, maximum: 3600 })))
})
export type OracleFeed = typeof OracleFeed.Type

/** More feeds than this are refused. */
export const oraclesMax = 64
