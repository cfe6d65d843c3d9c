/**
 * A day of news, from documents on loopback to features: three feeds of three kinds tell the same story twice, late, from the future and long ago, while
 * the market does not move. The journal replays it to the same bits.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { decodedSources } from "@evenkeel/connectors/exchange/Decoders"
import { NewsMemory } from "@evenkeel/connectors/news/NewsMemory"
import { makeNewsReader } from "@evenkeel/connectors/news/NewsWatcher"
import { scenarios } from "@evenkeel/connectors/simulated/Scenario"
import { makeSimulatedVenue } from "@evenkeel/connectors/simulated/SimulatedVenue"
import { FrameSink } from "@evenkeel/connectors/transport/FrameSink"
import { coinFeatureNames } from "@evenkeel/detection/feature/coin/CoinFeatures"
import { LocalHotPath } from "@evenkeel/detection/host/LocalHotPath"
import { Counters } from "@evenkeel/detection/hotpath/Counters"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { FrameOutcome, FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { EventKind, eventPayload } from "@evenkeel/domain/market/MarketRecord"
import { newsPayload } from "@evenkeel/domain/market/News"
import { newsSource, sourceIds } from "@evenkeel/domain/market/Venue"
import type { LevelChange } from "@evenkeel/domain/risk/RiskLevel"
import { framesIn } from "@evenkeel/replay/journal/JournalDecoding"
import { JournalReplay } from "@evenkeel/replay/journal/JournalReplay"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { MarketClock } from "@evenkeel/runtime/time/MarketClock"
import { readJournal } from "@evenkeel/store/journal/JournalReader"
import { MarketJournal } from "@evenkeel/store/journal/MarketJournal"
import { Snapshots } from "@evenkeel/store/snapshot/Snapshots"
import { Effect, FileSystem, Layer, Redacted } from "effect"
import { HttpClient } from "effect/http"
import { rssOf, serveNews } from "../../connectors/test/support/NewsServer.ts"
import { freePort } from "../../store/test/support/TestPostgres.ts"
import { type Program, startProgram } from "./support/Program.ts"

const minute = 60_000
const hour = 60 * minute
const start = Date.parse("2023-03-11T00:00:00Z")

/** What the feeds tell, in hours of the day: when it was published, and when it stands in its feed. Of those that are `told` each counts once. */
const story: ReadonlyArray<{
  readonly feed: "wire" | "status" | "desk"
  readonly title: string
  readonly published: number
  readonly shown: number
  readonly told?: { readonly coin: "USDC" | "DAI"; readonly score: number }
}> = [
  { feed: "wire", title: "USDC loses its peg", published: 2, shown: 2, told: { coin: "USDC", score: -1 } },
  { feed: "desk", title: "USDC loses its peg", published: 2.5, shown: 2.5 },
  { feed: "desk", title: "Coinbase pauses USDC conversions over the weekend", published: 3, shown: 3, told: { coin: "USDC", score: -0.9 } },
  { feed: "wire", title: "Coinbase pauses USDC conversions over weekend", published: 3.2, shown: 3.2 },
  { feed: "wire", title: "Bitcoin is calm", published: 4, shown: 4 },
  { feed: "wire", title: "DAI depegs", published: 4, shown: 10, told: { coin: "DAI", score: -1 } },
  { feed: "status", title: "Circle resumes USDC redemptions", published: 40, shown: 12, told: { coin: "USDC", score: 0.6 } },
  { feed: "desk", title: "An old tale of USDC", published: -100, shown: 12 },
  { feed: "desk", title: "USDC regains its peg", published: 20, shown: 20, told: { coin: "USDC", score: 0.8 } }
]

const at = (hours: number) => start + hours * hour
const iso = (time: number) => new Date(time).toISOString()

/** The document of a feed at a time, in its own format. */
const documentOf = (feed: string, now: number): string => {
  const items = story.filter((item) => item.feed === feed && at(item.shown) <= now).toReversed()
  const ids = new Map(story.map((item, index) => [item, index]))
  if (feed === "wire")
    return `<rss version="2.0"><channel>${items.map((item) => `<item><title><![CDATA[${item.title}]]></title><guid isPermaLink="false">${ids.get(item)}</guid><pubDate>${new Date(at(item.published)).toUTCString()}</pubDate></item>`).join("")}</channel></rss>`
  if (feed === "status")
    return `<feed xmlns="http://www.w3.org/2005/Atom">${items.map((item) => `<entry><id>urn:${ids.get(item)}</id><title>${item.title}</title><updated>${iso(at(item.published))}</updated></entry>`).join("")}</feed>`
  return JSON.stringify({
    version: "https://jsonfeed.org/version/1.1",
    items: items.map((item) => ({ id: ids.get(item), title: item.title, date_published: iso(at(item.published)) }))
  })
}

const coins = ["USDC", "DAI"].flatMap((symbol) => coinOf(symbol) ?? [])
const instruments = coins.map(({ symbol }) => ({ venue: "ethereum", symbol: `feed ${symbol}`, base: symbol, quote: "USD" }))
const options = { coins, instruments, venues: decodedSources, barMillis: minute, scoreGapMillis: Number.POSITIVE_INFINITY }
const columns = ["news_count", "news_sentiment"].map((name) => coinFeatureNames.indexOf(name))

/** What each bar says of news: time, coin, count and sentiment. */
const watch = (local: LocalHotPath) => {
  const bars: Array<readonly [time: number, coin: number, count: number, sentiment: number]> = []
  local.hotPath.onJudged = (coin, { time }, features) => bars.push([time, coin, features[columns[0]!]!, features[columns[1]!]!])
  return bars
}

const layer = Policies.layer().pipe(
  Layer.provideMerge(Supervisor.layer),
  Layer.provideMerge(HealthRegistry.layer),
  Layer.provideMerge(Layer.merge(NodeServices.layer, NodeHttpClient.layerUndici)),
  Layer.provideMerge(Layer.succeed(Snapshots, Snapshots.of({ save: () => Effect.void, load: () => Effect.succeedNone })))
)

describe("a day of news", () => {
  it.effect("becomes features in which each story counts once and fades, decides no level, and is replayed to the same bits", () =>
    Effect.gen(function* () {
      const directory = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
      let now = start
      const local = new LocalHotPath(options)
      const bars = watch(local)
      const changes: Array<LevelChange> = []
      const noon = { checkpoint: new Uint8Array(0), bars: 0 }
      const manifest = { startedAt: start, barMillis: minute, coins, venues: sourceIds, instruments }
      yield* Effect.gen(function* () {
        const journal = yield* MarketJournal
        const offer: FrameSink["Service"]["offer"] = (source, venue, connection, instrument, payload) => {
          const length = local.feed({ source, venue, connection, instrument, received: now, payload })
          local.signals({ levelChange: (change) => changes.push(change) })
          return journal.append(local.frame, 0, length)
        }
        const services = Layer.mergeAll(
          Layer.succeed(FrameSink, FrameSink.of({ offer, tick: () => true, counts: [], fill: () => 0 })),
          Layer.succeed(MarketClock, () => now)
        )
        const feeds = yield* serveNews((path) => ({ body: documentOf(path.slice(1), now) }))
        const memory = new NewsMemory()
        const readers = yield* Effect.forEach(["wire", "status", "desk"], (name) =>
          makeNewsReader({
            feed: { name, url: Redacted.make(`${feeds.url}/${name}`), everySeconds: 900 },
            coins: coins.map(({ symbol }) => symbol),
            memory,
            snapshot: "news",
            allowPrivate: true
          }).pipe(Effect.provide(services))
        )
        const ethereum = sourceIds.indexOf("ethereum")
        for (let step = 0; step < 24 * 60; step++) {
          now = start + step * minute + 1000
          for (const instrument of instruments.keys())
            offer(FrameSource.event, ethereum, 0, instrument, eventPayload(EventKind.oracle, [now, 1]))
          // Nothing is known of news before the first reading.
          if (step >= 60 && step % 30 === 0) for (const read of readers) yield* read
          if (step === 12 * 60) Object.assign(noon, { checkpoint: local.hotPath.snapshot(), bars: bars.length, at: now })
        }
        yield* journal.flush
      }).pipe(Effect.provide(MarketJournal.layer({ directory, manifest })))

      assert.deepStrictEqual(changes, [], "the worst of news moves no level")
      assert.isAbove(bars.length, 2 * 23 * 60)
      /** When an item was told: at the reading after it was shown. */
      const heardAt = (hours: number) => start + Math.ceil((hours * 60) / 30) * 30 * minute + 1000
      for (const [time, coin, count, sentiment] of bars) {
        if (time <= at(1)) {
          assert.isNaN(count)
          continue
        }
        const weights = story.flatMap(({ published, shown, told }) =>
          told?.coin === coins[coin]!.symbol && heardAt(shown) <= time
            ? [{ score: told.score, weight: Math.exp(-(time - Math.min(at(published), heardAt(shown))) / (12 * hour)) }]
            : []
        )
        const weight = weights.reduce((sum, each) => sum + each.weight, 0)
        assert.closeTo(count, weight, 1e-9, `${iso(time)} ${coins[coin]!.symbol}`)
        assert.closeTo(sentiment, weights.reduce((sum, each) => sum + each.weight * each.score, 0) / Math.max(1, weight), 1e-9)
      }

      const segment = yield* readJournal(`${directory}/000001.journal`)
      const replay = new JournalReplay(segment)
      const replayed = watch(replay.local)
      while (replay.step());
      assert.deepStrictEqual(replayed, bars)

      // An engine that starts again at noon goes on from its checkpoint and the frames behind it.
      const warm = new LocalHotPath(options)
      assert.isUndefined(warm.hotPath.restore(noon.checkpoint))
      const afternoon = watch(warm)
      for (const frame of segment.blocks.flatMap((block) => [...framesIn(block)]))
        if (frame.received > start + 12 * hour + 1000) warm.feed({ ...frame, source: frame.source as FrameSource })
      assert.deepStrictEqual(afternoon, bars.slice(noon.bars))
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it("counts a damaged reading as malformed, and goes on", () => {
    const local = new LocalHotPath(options)
    const bars = watch(local)
    const venue = sourceIds.indexOf(newsSource)
    const good = newsPayload({
      feed: "desk",
      items: [{ title: "USDC depegs", link: "", time: start, coins: [{ coin: "USDC", score: -1 }] }]
    })
    const feed = (payload: Uint8Array) => {
      local.feed({ source: FrameSource.news, venue, received: start, payload })
      local.signals({})
    }
    const text = new TextDecoder().decode(good)
    const damaged = [
      "",
      "{}",
      text.replace("-1", "-7"),
      text.replace("-1", "1e999"),
      text.slice(1),
      text.replace('"coin":"USDC"', '"coin":"usdc usdc"')
    ]
    // One that names a coin which is not watched is good, and says nothing.
    const others = [text.replace('"coin":"USDC"', '"coin":"XUSD"')]
    for (const each of [...damaged, ...others]) feed(new TextEncoder().encode(each))
    const counters = new Counters(local.counters, decodedSources.length)
    assert.strictEqual(counters.ofVenue(venue, FrameOutcome.malformed), damaged.length)
    feed(good)
    for (let step = 0; step < 3; step++)
      local.feed({
        source: FrameSource.event,
        venue: sourceIds.indexOf("ethereum"),
        instrument: 0,
        received: start + step * minute,
        payload: eventPayload(EventKind.oracle, [start + step * minute, 1])
      })
    assert.closeTo(bars[0]![2], 1, 0.01)
  })
})

describe("the program", () => {
  it.live(
    "reads a feed while it runs live, shows its headlines as text, and tells nothing again after a restart",
    () =>
      Effect.gen(function* () {
        const data = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
        const title = "USDC depegs <img src=x onerror=alert(1)>\u202e &amp; &lt;script&gt;"
        const feeds = yield* serveNews(() => ({ body: rssOf([{ title, guid: "1", link: "javascript:alert(1)" }]) }))
        const kraken = yield* makeSimulatedVenue({
          venue: "kraken",
          instruments: [{ venue: "kraken", symbol: "USDC/USD", base: "USDC", quote: "USD" }],
          scenario: scenarios.calm(),
          seed: 1,
          clock: () => performance.timeOrigin + performance.now(),
          stepMillis: 50
        })
        const port = yield* freePort
        const start = startProgram(["live"], {
          EVENKEEL_DATA: data,
          EVENKEEL_HTTP_PORT: String(port),
          EVENKEEL_COINS: "USDC",
          EVENKEEL_INSTRUMENTS: "kraken:USDC/USD:USDC:USD",
          EVENKEEL_ENDPOINTS: JSON.stringify([{ venue: "kraken", ...kraken.endpoints }]),
          EVENKEEL_NEWS_FEEDS: JSON.stringify([{ name: "desk", url: `${feeds.url}/rss?key=T0K3N` }]),
          EVENKEEL_NEWS_ALLOW_PRIVATE: "true"
        })
        const client = yield* HttpClient.HttpClient
        const ask = (path: string) => Effect.flatMap(client.get(`http://127.0.0.1:${port}${path}`), ({ text }) => text)
        const run = (program: Program, detail: string) =>
          Effect.gen(function* () {
            let ready = ""
            for (let turn = 0; turn < 600 && !ready.includes(detail); turn++) {
              yield* Effect.sleep("50 millis")
              ready = yield* Effect.orElseSucceed(ask("/readyz"), () => "")
            }
            assert.include(ready, detail, program.errors())
            const [coin] = JSON.parse(yield* ask("/v1/coins")) as ReadonlyArray<{ readonly news: ReadonlyArray<object> }>
            assert.lengthOf(coin!.news, 1)
            assert.deepInclude(coin!.news[0], { title: "USDC depegs & <script>", feed: "desk", link: null, score: -1 })
            const metrics = yield* ask("/metrics")
            program.process.kill("SIGTERM")
            assert.strictEqual(yield* program.exit, 0, program.errors())
            assert.notMatch(ready + metrics + program.errors() + program.output(), /T0K3N|\u202e/)
            return metrics
          })
        const first = yield* run(yield* start, "1 new and 0 known items of coins")
        assert.match(first, /evenkeel_news_items_total\{feed="desk",outcome="new"\} 1/)
        const second = yield* run(yield* start, "0 new and 1 known items of coins")
        assert.match(second, /evenkeel_news_items_total\{feed="desk",outcome="known"\} 1/)
      }).pipe(Effect.scoped, Effect.provide(layer)),
    120_000
  )
})
