/**
 * Reads one news feed again and again, and tells the hot path what is new of the coins.
 *
 * A reading is a frame, also where it holds nothing: so a journal replays it, and the hot path knows that somebody looked. What the frame did not find
 * room for is not remembered, and told with the next reading. A feed that fails is asked less often the longer it does, and never stops the engine.
 */
import { newsPayload } from "@evenkeel/domain/market/News"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { newsSource, sourceIds } from "@evenkeel/domain/market/Venue"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { Metrics } from "@evenkeel/runtime/telemetry/Metrics"
import { plainText } from "@evenkeel/runtime/telemetry/PlainText"
import { MarketClock } from "@evenkeel/runtime/time/MarketClock"
import { Snapshots } from "@evenkeel/store/snapshot/Snapshots"
import { Effect, Metric, Redacted, Result, Schema } from "effect"
import { HttpClient } from "effect/http"
import { FrameSink } from "../transport/FrameSink.ts"
import { isOwnPage, linkOf } from "./FeedAddress.ts"
import { FeedFailed, fetchFeed, type Validators } from "./FetchFeed.ts"
import { makeNamedCoins } from "./NamedCoins.ts"
import { readDocument } from "./NewsDocument.ts"
import type { NewsEntry } from "./NewsEntry.ts"
import type { FeedItem, NewsMemory } from "./NewsMemory.ts"
import { toneOf } from "./Tone.ts"

export interface WatchedFeed {
  /** For people, logs and labels. */
  readonly name: string
  /** `https://…`; keys in it are kept secret. */
  readonly url: Redacted.Redacted
  /** Between two readings, 300 when left out: an hour at most, as the hot path takes feeds that are not read for three for unknown. */
  readonly everySeconds?: number | undefined
}

export interface NewsWatcherOptions {
  readonly feed: WatchedFeed
  /** Symbols of the coins that are looked for. */
  readonly coins: ReadonlyArray<string>
  /** Shared by all feeds. */
  readonly memory: NewsMemory
  /** The snapshot in which the memory is kept over restarts. */
  readonly snapshot: string
  readonly allowPrivate: boolean
}

const everySecondsUsual = 300
/** Entries of a document that are looked at, the newest ones. */
export const entriesConsidered = 100
/** Items that one reading tells; the others wait for the next. */
export const itemsMax = 32
/** An item that is older when it is read for the first time says nothing of now. */
export const itemAgeMax = 3 * 24 * 3_600_000
/** The pause after failures doubles with each, up to this. */
const pauseSecondsMax = 3600
const doublingsMax = 6

/** How many entries of a document there were of each kind. */
export const outcomes = ["new", "known", "old", "unnamed", "waiting"] as const
export type Outcome = (typeof outcomes)[number]
export type Reading = Readonly<Record<Outcome, number>> & { readonly isUnchanged: boolean }

/** The hot path has no room for a reading now. */
export class NewsNotTaken extends Schema.TaggedError<NewsNotTaken>()("NewsNotTaken", { feed: Schema.String }) {
  override get message() {
    return `${this.feed}: there is no room for its news; they are told with the next reading`
  }
}

export const makeNewsWatcher = Effect.fnUntraced(function* (options: NewsWatcherOptions) {
  const supervisor = yield* Supervisor
  const health = yield* HealthRegistry
  const { everySeconds = everySecondsUsual, name } = options.feed
  const component = `news:${name}`
  const read = yield* makeNewsReader(options)
  const loop = Effect.gen(function* () {
    let failures = 0
    let said = ""
    for (;;) {
      const reading = yield* Effect.result(read)
      let pause = everySeconds
      if (Result.isFailure(reading)) {
        const { failure } = reading
        failures++
        pause = Math.max(
          Math.min(Math.max(everySeconds, pauseSecondsMax), everySeconds * 2 ** Math.min(failures, doublingsMax)),
          failure._tag === "FeedFailed" ? (failure.pauseMillis ?? 0) / 1000 : 0
        )
        yield* health.report(component, "degraded", failure.message)
        if (failure.message !== said) yield* Effect.logWarning("a news feed cannot be read", { feed: name, problem: failure.message })
        said = failure.message
      } else {
        failures = 0
        said = ""
        yield* health.report(component, "running", wordsOf(reading.success))
      }
      yield* Effect.sleep(pause * 1000)
    }
  })
  yield* supervisor.supervise(component, loop)
})

const wordsOf = ({ isUnchanged, known, new: fresh, old, unnamed, waiting }: Reading): string =>
  isUnchanged
    ? "nothing new"
    : `${fresh} new and ${known} known items of coins, ${unnamed} of none, ${old} old${waiting > 0 ? `, ${waiting} wait for the next reading` : ""}`

/** Reads the feed once. */
export const makeNewsReader = Effect.fnUntraced(function* ({ allowPrivate, coins, feed, memory, snapshot }: NewsWatcherOptions) {
  const sink = yield* FrameSink
  const policies = yield* Policies
  const client = HttpClient.withScope(yield* HttpClient.HttpClient)
  const snapshots = yield* Snapshots
  const now = yield* MarketClock
  const wireNumber = sourceIds.indexOf(newsSource)
  const named = makeNamedCoins(coins)
  const nothing: Validators = { etag: undefined, modified: undefined }
  let validators = nothing
  /** Of the document that is the feed's now: what is still shown is not forgotten. */
  let shown: ReadonlyArray<FeedItem> = []
  const { name } = feed
  const count = (
    outcome: Outcome | FeedFailed["reason"] | "read" | "unchanged" | "policy" | "no-room",
    of: "items" | "readings",
    more = 1
  ) =>
    more === 0
      ? Effect.void
      : Metric.update(Metric.withAttributes(of === "items" ? Metrics.newsItems : Metrics.newsReadings, { feed: name, outcome }), more)

  const fetch = policies.run(
    Effect.suspend(() => fetchFeed(client, { feed: name, address: Redacted.value(feed.url), validators, allowPrivate })),
    { name: "fetch", key: name }
  )

  const tell = Effect.fnUntraced(function* (items: ReadonlyArray<FeedItem>) {
    const told = items.map(({ coins, link, time, title }) => ({ title, link, time, coins }))
    if (sink.offer(FrameSource.news, wireNumber, 0, -1, newsPayload({ feed: name, items: told }))) return
    for (const item of items) memory.forget(item)
    return yield* new NewsNotTaken({ feed: name })
  })

  const read = Effect.gen(function* () {
    const document = yield* fetch
    if (document === undefined) {
      for (const item of shown) memory.knows(item)
      yield* tell([])
      return { new: 0, known: 0, old: 0, unnamed: 0, waiting: 0, isUnchanged: true }
    }
    const entries = readDocument(document.bytes, document.contentType)
    if (Result.isFailure(entries)) return yield* new FeedFailed({ feed: name, reason: "malformed", problem: entries.failure.message })
    const at = Math.floor(now())
    const counts = { new: 0, known: 0, old: 0, unnamed: 0, waiting: 0 }
    const fresh: Array<FeedItem> = []
    const seen: Array<FeedItem> = []
    for (const { id, link, published, title } of considered(entries.success, at)) {
      const isDated = !Number.isNaN(published)
      const time = isDated ? Math.min(published, at) : at
      const tones = toneOf(title, named)
      const page = linkOf(link, document.address) ?? ""
      const item: FeedItem = {
        feed: name,
        id,
        title,
        link: page,
        isOwnPage: isOwnPage(page, Redacted.value(feed.url)),
        isDated,
        time,
        coins: tones
      }
      if (at - time > itemAgeMax) counts.old++
      else if (tones.length === 0) counts.unnamed++
      else if (memory.knows(item)) counts.known++
      else if (fresh.length === itemsMax) counts.waiting++
      else {
        fresh.push(item)
        memory.add(item)
      }
      if (tones.length > 0) seen.push(item)
    }
    counts.new = fresh.length
    yield* tell(fresh)
    // What waits is told the next time, so the document must come again.
    validators = counts.waiting > 0 ? nothing : document
    shown = seen
    for (const outcome of outcomes) yield* count(outcome, "items", counts[outcome])
    yield* remember(fresh)
    return { ...counts, isUnchanged: false }
  })

  const remember = Effect.fnUntraced(function* (fresh: ReadonlyArray<FeedItem>) {
    if (fresh.length === 0) return
    for (const { coins, title } of fresh)
      yield* Effect.logInfo("news", { feed: name, title: plainText(title), coins: coins.map(({ coin, score }) => `${coin} ${score}`) })
    // Without it a restarted engine counts the items of the last days again.
    yield* snapshots
      .save(snapshot, 0, new TextEncoder().encode(memory.save()))
      .pipe(Effect.catch(() => Effect.logWarning("what was told of news could not be kept", { feed: name })))
  })

  return read.pipe(
    Effect.tap(({ isUnchanged }) => count(isUnchanged ? "unchanged" : "read", "readings")),
    Effect.tapError((error) =>
      count(error._tag === "FeedFailed" ? error.reason : error._tag === "NewsNotTaken" ? "no-room" : "policy", "readings")
    )
  )
})

/** The newest entries; those without a date keep their place, as feeds list the newest first. */
const considered = (entries: ReadonlyArray<NewsEntry>, now: number): ReadonlyArray<NewsEntry> => {
  if (entries.length <= entriesConsidered) return entries
  const timeOf = ({ published }: NewsEntry) => (Number.isNaN(published) ? now : Math.min(published, now))
  return [...entries].sort((a, b) => timeOf(b) - timeOf(a)).slice(0, entriesConsidered)
}
