/** Coins: what they are worth, how much they should worry, and what speaks of them. */
import { RiskLevel } from "@evenkeel/domain/risk/RiskLevel"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { MaybeFinite, noQuery } from "../Common.ts"

/** One pair that speaks of a coin. */
export const SourceView = Schema.Struct({
  venue: Schema.String,
  symbol: Schema.String,
  bid: MaybeFinite,
  ask: MaybeFinite,
  lastPrice: MaybeFinite,
  /** Since anything came; null before the first frame. */
  ageMillis: MaybeFinite,
  book: Schema.Literals(["none", "good", "stale"]),
  bidLevels: MaybeFinite,
  askLevels: MaybeFinite,
  /** Why the book is stale; null when it is not. */
  staleReason: Schema.NullOr(Schema.String),
  /** The last price's distance from the fair values in bps, and the standard error that it counts with. */
  residualBps: MaybeFinite,
  errorBps: MaybeFinite,
  /** The pair's base coin by this source alone: its deviation from the peg, and the level of those who trade it there. */
  ownDeviationBps: MaybeFinite,
  ownLevel: RiskLevel,
  /** Of an on-chain pool: null for any other source. */
  pool: Schema.NullOr(Schema.Struct({ imbalance: MaybeFinite, sellDepth: MaybeFinite, buyDepth: MaybeFinite, averagePrice: MaybeFinite })),
  /** Of a token whose supply is watched, with what was minted and burned since the reading before. */
  supply: Schema.NullOr(Schema.Struct({ total: Schema.Finite, minted: MaybeFinite, burned: MaybeFinite }))
})

/** A headline that names a coin: text from outside, which whoever shows it escapes. It decides no level. */
export const HeadlineView = Schema.Struct({
  title: Schema.String,
  /** Name of the feed that told it first. */
  feed: Schema.String,
  /** `https://…` or `http://…`; null where the item has none. */
  link: Schema.NullOr(Schema.String),
  /** Unix ms. */
  time: Schema.Finite,
  /** How good or bad it is for the coin by a lexicon, -1 to 1. */
  score: Schema.Finite
})
export type HeadlineView = typeof HeadlineView.Type

export const CoinView = Schema.Struct({
  coin: Schema.String,
  /** The markets are no real ones, and so is whatever is said of the coin. */
  simulated: Schema.Boolean,
  peg: Schema.String,
  /** Null until the first price. */
  fairValue: MaybeFinite,
  errorBps: MaybeFinite,
  deviationBps: MaybeFinite,
  level: RiskLevel,
  /** Unix ms of the last change of level. */
  since: MaybeFinite,
  /** False while no pair reaches the peg's currency: the split between two coins is then unknown. */
  grounded: Schema.Boolean,
  /** Share of belief in this reading, 0 to 1, where one pair alone is seen: that it is this coin that moved, and not the other. */
  share: MaybeFinite,
  venues: Schema.Struct({ agree: Schema.Array(Schema.String), differ: Schema.Array(Schema.String) }),
  /** The deviation's usual value in bps, its distance from that in standard deviations, and what the detectors of slow and of sudden change say. */
  detectors: Schema.Struct({ baselineBps: MaybeFinite, score: MaybeFinite, cusum: MaybeFinite, changepoint: MaybeFinite }),
  /** What the model that serves says of a break: that one starts or, within one, that it still stands. Null where none serves. */
  model: Schema.NullOr(
    Schema.Struct({
      version: Schema.Int,
      horizons: Schema.Array(Schema.Struct({ minutes: Schema.Int, probability: MaybeFinite, low: MaybeFinite, high: MaybeFinite }))
    })
  ),
  /** The newest headlines of the last three days that name the coin, newest first; none where no feed is configured. */
  news: Schema.Array(HeadlineView),
  sources: Schema.Array(SourceView)
})
export type CoinView = typeof CoinView.Type

export class UnknownCoin extends Schema.TaggedError<UnknownCoin>()("UnknownCoin", { coin: Schema.String }, { httpApiStatus: 404 }) {}
export class CoinsApi extends HttpApiGroup.make("coins")
  .add(
    HttpApiEndpoint.get("list", "/coins", { query: noQuery, success: Schema.Array(CoinView) }),
    HttpApiEndpoint.get("get", "/coins/:coin", { params: { coin: Schema.String }, query: noQuery, success: CoinView, error: UnknownCoin })
  )
  .prefix("/v1") {}
