/**
 * What a news feed said of coins, as a frame carries it: which coins an item names and how good or bad it is for each.
 *
 * An item is judged once, where it is read. So a journal replays what was believed then, whatever words are known later.
 */
import { type Option, Schema } from "effect"
import { CoinSymbol } from "../coin/Coin.ts"

/** Feeds that are read. */
export const feedsMax = 20

/** What an item says of one coin: -1 is a break or a bank run, 1 a full recovery, 0 what has no tone. */
export const NamedCoin = Schema.Struct({
  coin: CoinSymbol,
  score: Schema.Finite.check(Schema.isBetween({ minimum: -1, maximum: 1 }))
})
export type NamedCoin = typeof NamedCoin.Type

/** Text from outside: whoever shows it escapes it. */
export const NewsItem = Schema.Struct({
  title: Schema.String,
  /** `https://…` or `http://…`; empty where the item has none. */
  link: Schema.String,
  /** When it was published, Unix ms: at most the time at which it was read, and that where its feed does not say. */
  time: Schema.Finite,
  coins: Schema.Array(NamedCoin)
})
export type NewsItem = typeof NewsItem.Type

/** One reading of a feed: the items that nobody had told before. A reading without any says that the feed was read. */
export const NewsReading = Schema.Struct({ feed: Schema.NonEmptyString, items: Schema.Array(NewsItem) })
export type NewsReading = typeof NewsReading.Type

const Encoded = Schema.fromJsonString(NewsReading)

/** The payload of a `FrameSource.news` frame. */
export const newsPayload = (reading: NewsReading): Uint8Array => new TextEncoder().encode(Schema.encodeSync(Encoded)(reading))

/** Decodes a `newsPayload`; none when it is malformed. The bytes may be in shared memory. */
export const decodeNews = (payload: Uint8Array): Option.Option<NewsReading> =>
  Schema.decodeUnknownOption(Encoded)(new TextDecoder().decode(payload.slice()))
