/**
 * Starts a watcher for each news feed, with one memory for all of them, which is kept over restarts.
 *
 * News decides no level. The hot path counts it as features that a model may ask for, and people see the newest headlines beside a coin.
 */
import { feedsMax } from "@evenkeel/domain/market/News"
import { Snapshots } from "@evenkeel/store/snapshot/Snapshots"
import { MarketClock } from "@evenkeel/runtime/time/MarketClock"
import { Context, Effect, Layer, Option } from "effect"
import { type Headline, NewsMemory } from "../news/NewsMemory.ts"
import { itemAgeMax, makeNewsWatcher, type WatchedFeed } from "../news/NewsWatcher.ts"

export interface NewsFeedOptions {
  /** Of the engine: the memory is kept under this. */
  readonly name: string
  readonly feeds: ReadonlyArray<WatchedFeed>
  /** Symbols of the coins that are looked for. */
  readonly coins: ReadonlyArray<string>
  /** Whether feeds may stand in private networks. Where not, give a client whose sockets look names up with `publicLookup`. */
  readonly allowPrivate: boolean
}

/** What is said of coins. Nothing, where no feed is read. */
export const News = Context.Reference<{
  /** The newest items that name a coin, newest first, of the last days. Text from outside. */
  readonly newest: (coin: string, count: number) => ReadonlyArray<Headline>
}>("@evenkeel/connectors/feed/NewsFeed/News", { defaultValue: () => ({ newest: () => [] }) })

export const layerNews = (options: NewsFeedOptions) => Layer.effect(News, makeNews(options))

const makeNews = Effect.fnUntraced(function* ({ allowPrivate, coins, feeds, name }: NewsFeedOptions) {
  const now = yield* MarketClock
  const memory = new NewsMemory()
  const snapshot = `news ${name}`
  const read = feeds.slice(0, feedsMax)
  const kept = { feeds: read.map((feed) => feed.name), coins, since: now() - itemAgeMax }
  const saved = yield* (yield* Snapshots).load(snapshot).pipe(Effect.orElseSucceed(() => Option.none()))
  if (Option.isSome(saved) && !memory.load(new TextDecoder().decode(saved.value.payload), kept))
    yield* Effect.logWarning("what was told of news before cannot be read: the items of the last days count again")
  for (const feed of read) yield* makeNewsWatcher({ feed, coins, memory, snapshot, allowPrivate })
  return { newest: (coin: string, count: number) => memory.newest(coin, count, now() - itemAgeMax) }
})
