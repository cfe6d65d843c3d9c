/**
 * The items that were told already, over all feeds: each is counted once, however often and by however many it is told.
 *
 * Two items are one if their feed has the same id for them, if their feed has them on the same page, or if their titles are nearly equal and they say the
 * same of the same coins within two days. Titles that differ in a number, in a negation or in how good or bad they are, are two. On what stands on its own
 * host a feed is believed: another feed that links there shows the same item. Otherwise anybody could link to a page, and make its news known before it
 * is told. Whatever an item was once known by in a feed, it is known by from then on, until no feed has it any more.
 */
import { NewsItem } from "@evenkeel/domain/market/News"
import { Option, Schema } from "effect"
import { createHash } from "node:crypto"
import { pageOf } from "./FeedAddress.ts"

/**
 * Items that are remembered of each feed; at the bound the feed leaves the one that it has not shown for longest. A document shows half as many
 * (`entriesConsidered`), so that it leaves none that it still shows. What others show as well stays, so a feed that floods the memory makes none of
 * theirs forgotten.
 */
export const rememberedMax = 200
/** Keys of one item in one feed; at the bound the one goes that it has not shown for longest. */
const keysMax = 4
const alikeMillis = 48 * 3_600_000
/** Share of words that two titles must have in common, and the words that a title must have to be compared at all. */
const alikeShare = 0.8
const alikeWordsMin = 4
/** Of two titles that link to the same page. */
const samePageShare = 0.5
/** Scores of a coin that are further apart, or on two sides of 0, are not those of the same news. */
const scoreGapMax = 0.3
const negations = new Set(["no", "not", "never", "without", "denies", "denied", "avoids"])

export interface FeedItem extends NewsItem {
  readonly feed: string
  /** The feed's id for it; empty where it has none. */
  readonly id: string
  /** Its link leads to the feed's own host. */
  readonly isOwnPage: boolean
  /** Its time is its own, and not that of the reading. */
  readonly isDated: boolean
}

const Saved = Schema.fromJsonString(
  Schema.Array(
    Schema.Struct({
      ...NewsItem.fields,
      isDated: Schema.Boolean,
      feeds: Schema.Array(Schema.Struct({ name: Schema.String, keys: Schema.Array(Schema.String) }))
    })
  )
)
const decodeSaved = Schema.decodeUnknownOption(Saved)
const encodeSaved = Schema.encodeSync(Saved)

interface Remembered extends NewsItem {
  readonly isDated: boolean
  /** Those that show it, and by which keys, those shown last at the end. The first one told it. */
  readonly feeds: Map<string, Array<string>>
  readonly words: ReadonlySet<string>
  readonly page: string
  /** Coins, numbers and negations, which must be equal. */
  readonly facts: string
}

const keyOf = (...parts: ReadonlyArray<string>): string => createHash("sha256").update(parts.join("\n")).digest("base64url").slice(0, 22)

/** What has neither an id nor a page of its own goes by its title in its feed. */
const keysOf = ({ feed, id, isOwnPage, link, title }: FeedItem): ReadonlyArray<string> => {
  const page = pageOf(link)
  const keys = [
    ...(id === "" ? [] : [keyOf("id", feed, id)]),
    ...(page === "" ? [] : [isOwnPage ? keyOf("page", page) : keyOf("page of", feed, page)])
  ]
  return keys.length > 0 ? keys : [keyOf("title", feed, title)]
}

/** Also those under which others may know it. */
const soughtKeys = (item: FeedItem): ReadonlyArray<string> => {
  const page = pageOf(item.link)
  return page === "" ? keysOf(item) : [...keysOf(item), keyOf("page", page)]
}

const remember = (
  { coins, isDated, link, time, title }: NewsItem & { readonly isDated: boolean },
  feeds: ReadonlyArray<readonly [name: string, keys: ReadonlyArray<string>]>
): Remembered => {
  const words = new Set(title.toLowerCase().match(/[\p{L}\p{N}]+(?:[.,'’]\p{N}+)*/gu) ?? [])
  const facts = [...words].filter((word) => /\p{N}/u.test(word) || negations.has(word)).sort()
  return {
    title,
    link,
    time,
    coins,
    isDated,
    feeds: new Map(feeds.map(([name, keys]) => [name, keys.slice(-keysMax)])),
    words,
    page: pageOf(link),
    facts: `${coins.map(({ coin }) => coin).join()} ${facts.join()}`
  }
}

/** Of the same coins. */
const isSameTone = (a: Remembered, b: Remembered): boolean =>
  a.coins.every(({ score }, index) => {
    const other = b.coins[index]?.score ?? Number.NaN
    return Math.sign(score) === Math.sign(other) && Math.abs(score - other) <= scoreGapMax
  })

const isAlike = (a: Remembered, b: Remembered): boolean => {
  if (a.facts !== b.facts || !isSameTone(a, b) || Math.abs(a.time - b.time) > alikeMillis) return false
  const isSamePage = a.page !== "" && a.page === b.page
  // Of a title of one or two words only the very same is alike.
  if (!isSamePage && Math.min(a.words.size, b.words.size) < alikeWordsMin) return a.title === b.title
  let common = 0
  for (const word of a.words) if (b.words.has(word)) common++
  return common >= (isSamePage ? samePageShare : alikeShare) * (a.words.size + b.words.size - common)
}

/** What a headline is shown with. */
export interface Headline {
  readonly title: string
  readonly feed: string
  readonly link: string
  readonly time: number
  readonly score: number
}

/** What is taken up of what was saved. */
export interface Kept {
  readonly feeds: ReadonlyArray<string>
  readonly coins: ReadonlyArray<string>
  /** Unix ms; an item with a date before it is not. */
  readonly since: number
}

export class NewsMemory {
  readonly #items = new Set<Remembered>()
  /** Of each feed, those first that it has not shown for longest. */
  readonly #byFeed = new Map<string, Set<Remembered>>()
  readonly #byKey = new Map<string, Remembered>()

  get size(): number {
    return this.#items.size
  }

  /** Whether the item was told before, by whomever; if so its feed shows it now. */
  knows(item: FeedItem): boolean {
    const known =
      soughtKeys(item)
        .map((key) => this.#byKey.get(key))
        .find((found) => found !== undefined) ?? this.#alike(item)
    if (known === undefined) return false
    this.#show(known, item.feed, keysOf(item))
    return true
  }

  add(item: FeedItem): void {
    this.#put(remember(item, [[item.feed, keysOf(item)]]))
  }

  /** Takes back what was added, because it could not be told. */
  forget(item: FeedItem): void {
    const added = [...(this.#byFeed.get(item.feed) ?? [])].find(({ time, title }) => title === item.title && time === item.time)
    for (const feed of added?.feeds.keys() ?? []) this.#leave(added!, feed)
  }

  /** The newest items of a coin, newest first, none older than `since`. */
  newest(coin: string, count: number, since: number): ReadonlyArray<Headline> {
    const found: Array<Headline> = []
    for (const { coins, feeds, link, time, title } of this.#items) {
      const named = coins.find((each) => each.coin === coin)
      const [feed] = feeds.keys()
      if (named !== undefined && feed !== undefined && time >= since) found.push({ title, feed, link, time, score: named.score })
    }
    return found.sort((a, b) => b.time - a.time).slice(0, count)
  }

  save(): string {
    return encodeSaved(
      [...this.#items].map(({ coins, feeds, isDated, link, time, title }) => ({
        title,
        link,
        time,
        coins,
        isDated,
        feeds: [...feeds].map(([name, keys]) => ({ name, keys }))
      }))
    )
  }

  /** Takes up what was saved of feeds and coins that there are still; false when it cannot be read. */
  load(saved: string, { coins, feeds, since }: Kept): boolean {
    const decoded = decodeSaved(saved)
    if (Option.isNone(decoded)) return false
    for (const item of decoded.value) {
      const own = item.feeds.filter(({ name }) => feeds.includes(name))
      const named = item.coins.filter(({ coin }) => coins.includes(coin))
      // One without a date is known for as long as its feed shows it, or it would be of today again.
      if (own.length === 0 || named.length === 0 || (item.isDated && item.time < since)) continue
      this.#put(
        remember(
          { ...item, coins: named },
          own.map(({ keys, name }) => [name, keys] as const)
        )
      )
    }
    return true
  }

  #alike(item: FeedItem): Remembered | undefined {
    const candidate = remember(item, [])
    for (const other of this.#items) if (isAlike(candidate, other)) return other
    return undefined
  }

  #put(item: Remembered): void {
    this.#items.add(item)
    for (const [feed, keys] of item.feeds) this.#show(item, feed, [...keys])
  }

  #show(item: Remembered, feed: string, keys: ReadonlyArray<string>): void {
    const shown = this.#byFeed.get(feed) ?? new Set()
    this.#byFeed.set(feed, shown)
    shown.delete(item)
    shown.add(item)
    const own = item.feeds.get(feed) ?? []
    item.feeds.set(feed, own)
    for (const key of keys) {
      const at = own.indexOf(key)
      if (at !== -1) own.splice(at, 1)
      own.push(key)
      if (!this.#byKey.has(key)) this.#byKey.set(key, item)
    }
    for (const key of own.splice(0, Math.max(0, own.length - keysMax))) this.#free(key, item)
    if (shown.size > rememberedMax) for (const oldest of shown) return this.#leave(oldest, feed)
  }

  /** A feed shows the item no more; it is forgotten when none does. */
  #leave(item: Remembered, feed: string): void {
    const keys = item.feeds.get(feed) ?? []
    item.feeds.delete(feed)
    this.#byFeed.get(feed)?.delete(item)
    for (const key of keys) this.#free(key, item)
    if (item.feeds.size === 0) this.#items.delete(item)
  }

  /** Two feeds of one host know a page by the same key. */
  #free(key: string, item: Remembered): void {
    if (this.#byKey.get(key) !== item || [...item.feeds.values()].some((keys) => keys.includes(key))) return
    this.#byKey.delete(key)
  }
}
