/**
 * The items that were told already, over all feeds: each is counted once, however often and by however many it is told.
 *
 * Two items are one if their feed has the same id for them, if they link to the same page, or if their titles are nearly equal and they name the same
 * coins within two days. Titles that differ in a number or in a negation are two. Whatever an item was once known by, it is known by from then on.
 */
import { NewsItem } from "@evenkeel/domain/market/News"
import { Option, Schema } from "effect"
import { createHash } from "node:crypto"
import { pageOf } from "./FeedAddress.ts"

/**
 * Items that are remembered of each feed; at the bound the one goes that was not seen for longest. A document shows half as many (`entriesConsidered`), so
 * that none goes that is still in its feed, and a feed that floods the memory makes none of another's forgotten.
 */
export const rememberedMax = 200
/** Keys of one item: as many feeds may tell it under their own names. */
const keysMax = 40
const alikeMillis = 48 * 3_600_000
/** Share of words that two titles must have in common, and the words that a title must have to be compared at all. */
const alikeShare = 0.8
const alikeWordsMin = 4
const negations = new Set(["no", "not", "never", "without", "denies", "denied", "avoids"])

export interface FeedItem extends NewsItem {
  readonly feed: string
  /** The feed's id for it; empty where it has none. */
  readonly id: string
}

const Saved = Schema.fromJsonString(
  Schema.Array(Schema.Struct({ ...NewsItem.fields, feed: Schema.String, keys: Schema.Array(Schema.String) }))
)
const decodeSaved = Schema.decodeUnknownOption(Saved)
const encodeSaved = Schema.encodeSync(Saved)

interface Remembered extends NewsItem {
  readonly feed: string
  readonly keys: Array<string>
  readonly words: ReadonlySet<string>
  /** Numbers and negations, which must be equal. */
  readonly facts: string
}

const keyOf = (...parts: ReadonlyArray<string>): string => createHash("sha256").update(parts.join("\n")).digest("base64url").slice(0, 22)

/** What has neither an id nor a page of its own goes by its title in its feed. */
const keysOf = ({ feed, id, link, title }: FeedItem): ReadonlyArray<string> => {
  const page = pageOf(link)
  const keys = [...(id === "" ? [] : [keyOf("id", feed, id)]), ...(page === "" ? [] : [keyOf("page", page)])]
  return keys.length > 0 ? keys : [keyOf("title", feed, title)]
}

const remember = (item: NewsItem & { readonly feed: string }, keys: ReadonlyArray<string>): Remembered => {
  const words = new Set(item.title.toLowerCase().match(/[\p{L}\p{N}]+(?:[.,'’]\p{N}+)*/gu) ?? [])
  const facts = [...words].filter((word) => /\p{N}/u.test(word) || negations.has(word)).sort()
  const { coins, feed, link, time, title } = item
  return { title, link, time, coins, feed, keys: [...keys], words, facts: `${coins.map(({ coin }) => coin).join()} ${facts.join()}` }
}

const isAlike = (a: Remembered, b: Remembered): boolean => {
  if (a.facts !== b.facts || Math.abs(a.time - b.time) > alikeMillis) return false
  // Of a title of one or two words only the very same is alike.
  if (Math.min(a.words.size, b.words.size) < alikeWordsMin) return a.title === b.title
  let common = 0
  for (const word of a.words) if (b.words.has(word)) common++
  return common >= alikeShare * (a.words.size + b.words.size - common)
}

/** What a headline is shown with. */
export interface Headline {
  readonly title: string
  readonly feed: string
  readonly link: string
  readonly time: number
  readonly score: number
}

export class NewsMemory {
  /** Those seen longest ago first. */
  readonly #items = new Set<Remembered>()
  readonly #counts = new Map<string, number>()
  readonly #byKey = new Map<string, Remembered>()

  get size(): number {
    return this.#items.size
  }

  /** Whether the item was told before, by whomever; if so it counts as seen now. */
  knows(item: FeedItem): boolean {
    const keys = keysOf(item)
    const known = keys.map((key) => this.#byKey.get(key)).find((found) => found !== undefined) ?? this.#alike(item)
    if (known === undefined) return false
    this.#items.delete(known)
    this.#items.add(known)
    for (const key of keys) {
      if (this.#byKey.has(key) || known.keys.length >= keysMax) continue
      known.keys.push(key)
      this.#byKey.set(key, known)
    }
    return true
  }

  add(item: FeedItem): void {
    this.#put(remember(item, keysOf(item)))
  }

  /** Takes back what was added, because it could not be told. */
  forget(item: FeedItem): void {
    const keys = keysOf(item)
    for (const known of this.#items)
      if (known.title === item.title && known.feed === item.feed && known.keys.join() === keys.join()) return this.#drop(known)
  }

  /** The newest items of a coin, newest first, none older than `since`. */
  newest(coin: string, count: number, since: number): ReadonlyArray<Headline> {
    const found: Array<Headline> = []
    for (const { coins, feed, link, time, title } of this.#items) {
      const named = coins.find((each) => each.coin === coin)
      if (named !== undefined && time >= since) found.push({ title, feed, link, time, score: named.score })
    }
    return found.sort((a, b) => b.time - a.time).slice(0, count)
  }

  save(): string {
    return encodeSaved([...this.#items].map(({ coins, feed, keys, link, time, title }) => ({ title, link, time, coins, feed, keys })))
  }

  /** Takes up what was saved; false when it cannot be read. */
  load(saved: string): boolean {
    const decoded = decodeSaved(saved)
    if (Option.isNone(decoded)) return false
    for (const item of decoded.value) this.#put(remember(item, item.keys))
    return true
  }

  #alike(item: FeedItem): Remembered | undefined {
    const candidate = remember(item, [])
    for (const other of this.#items) if (isAlike(candidate, other)) return other
    return undefined
  }

  #put(item: Remembered): void {
    this.#items.add(item)
    for (const key of item.keys) this.#byKey.set(key, item)
    const count = (this.#counts.get(item.feed) ?? 0) + 1
    this.#counts.set(item.feed, count)
    if (count <= rememberedMax) return
    for (const oldest of this.#items) if (oldest.feed === item.feed) return this.#drop(oldest)
  }

  #drop(item: Remembered): void {
    this.#items.delete(item)
    this.#counts.set(item.feed, this.#counts.get(item.feed)! - 1)
    for (const key of item.keys) if (this.#byKey.get(key) === item) this.#byKey.delete(key)
  }
}
