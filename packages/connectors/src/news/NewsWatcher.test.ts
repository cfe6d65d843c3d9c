/** The real HTTP client against feeds on loopback, on a clock of the test's own. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { decodeNews } from "@evenkeel/domain/market/News"
import { newsSource, sourceIds } from "@evenkeel/domain/market/Venue"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { MarketClock } from "@evenkeel/runtime/time/MarketClock"
import { Snapshots } from "@evenkeel/store/snapshot/Snapshots"
import { Effect, Layer, Metric, Option, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { gzipSync } from "node:zlib"
import { type NewsAnswer, rssOf, serveNews } from "../../test/support/NewsServer.ts"
import { makeRecordingSink } from "../../test/support/ScriptedVenue.ts"
import { serveWithoutEnd } from "../../test/support/EndlessServer.ts"
import { layerNews, News } from "../feed/NewsFeed.ts"
import { publicLookup } from "@evenkeel/runtime/net/PrivateAddress"
import { NewsMemory } from "./NewsMemory.ts"
import { itemsMax, makeNewsReader, makeNewsWatcher } from "./NewsWatcher.ts"

const start = Date.parse("2023-03-11T03:00:00Z")
/** As the store keeps them: what is true up to an earlier position replaces nothing. */
const snapshotsOf = (kept: Map<string, Uint8Array>, positions = new Map<string, number>()) =>
  Layer.succeed(
    Snapshots,
    Snapshots.of({
      save: (name, position, payload) =>
        Effect.sync(() => {
          if (position < (positions.get(name) ?? 0)) return
          positions.set(name, position)
          kept.set(name, payload)
        }),
      load: (name) =>
        Effect.sync(() => Option.map(Option.fromUndefinedOr(kept.get(name)), (payload) => ({ position: 0, savedAt: 0, payload })))
    })
  )
const runtime = Supervisor.layer.pipe(Layer.provideMerge(Policies.layer()), Layer.provideMerge(HealthRegistry.layer))
const layer = Layer.merge(runtime, NodeHttpClient.layerUndici)

/** The time of the market, and a reader of a feed at `url` with whatever else it shares. */
const setup = Effect.gen(function* () {
  let now = start
  const { all, control, layer: sink, next } = yield* makeRecordingSink
  const memory = new NewsMemory()
  const kept = new Map<string, Uint8Array>()
  const services = Layer.mergeAll(
    sink,
    snapshotsOf(kept),
    Layer.succeed(MarketClock, () => now)
  )
  const optionsOf = (url: string, name = "desk", allowPrivate = true) => ({
    feed: { name, url: Redacted.make(url), everySeconds: 300 },
    coins: ["USDC", "USDT"],
    memory,
    snapshot: "news live",
    allowPrivate
  })
  const readings = () =>
    all.map(({ text, ...frame }) => {
      assert.deepInclude(frame, { source: FrameSource.news, venue: sourceIds.indexOf(newsSource), instrument: -1 })
      return Option.getOrThrow(decodeNews(new TextEncoder().encode(text)))
    })
  return {
    control,
    kept,
    next,
    optionsOf,
    pass: (millis: number) => {
      now += millis
    },
    readings,
    services,
    reader: (url: string, name?: string, allowPrivate?: boolean) =>
      makeNewsReader(optionsOf(url, name, allowPrivate)).pipe(Effect.provide(services))
  }
})

const break1 = { title: "USDC depegs", guid: "1", link: "https://news.example/1", date: "Sat, 11 Mar 2023 02:00:00 GMT" }

describe("a reader of news", () => {
  it.effect("tells what is new of the coins, and asks for no more than what has changed", () =>
    Effect.gen(function* () {
      const { pass, reader, readings } = yield* setup
      let items = [break1, { title: "Bitcoin is up", guid: "2" }]
      const server = yield* serveNews((_, headers) => {
        const etag = `"${items.length}"`
        return headers["if-none-match"] === etag ? { status: 304 } : { headers: { etag, "last-modified": "yesterday" }, body: rssOf(items) }
      })
      const read = yield* reader(`${server.url}/rss?token=T0K3N`)
      assert.deepInclude(yield* read, { new: 1, known: 0, unnamed: 1, isUnchanged: false })
      assert.deepInclude(yield* read, { new: 0, isUnchanged: true })
      assert.deepInclude(server.asked[1]?.headers, { "if-none-match": '"2"', "if-modified-since": "yesterday" })
      pass(3_600_000)
      items = [{ title: "Circle resumes USDC redemptions", guid: "3", link: "/3", date: "" }, ...items]
      assert.deepInclude(yield* read, { new: 1, known: 1, unnamed: 1 })
      assert.deepStrictEqual(readings(), [
        {
          feed: "desk",
          items: [{ title: "USDC depegs", link: "https://news.example/1", time: start - 3_600_000, coins: [{ coin: "USDC", score: -1 }] }]
        },
        { feed: "desk", items: [] },
        {
          feed: "desk",
          // Without a date it is of now; its link is seen from the feed.
          items: [
            {
              title: "Circle resumes USDC redemptions",
              link: `${server.url}/3`,
              time: start + 3_600_000,
              coins: [{ coin: "USDC", score: 0.6 }]
            }
          ]
        }
      ])
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("believes no date in the future, and passes over what is old", () =>
    Effect.gen(function* () {
      const { reader, readings } = yield* setup
      const server = yield* serveNews(() => ({
        body: rssOf([
          { ...break1, guid: "1", title: "USDC depegs tomorrow", link: "", date: "Sun, 12 Mar 2033 02:00:00 GMT" },
          { ...break1, guid: "2", title: "USDC was fine long ago", link: "", date: "Wed, 08 Mar 2023 02:59:59 GMT" }
        ])
      }))
      assert.deepInclude(yield* yield* reader(server.url), { new: 1, old: 1 })
      assert.strictEqual(readings()[0]?.items[0]?.time, start)
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("tells once what several feeds tell, and what one tells twice", () =>
    Effect.gen(function* () {
      const { reader, readings } = yield* setup
      const server = yield* serveNews((path) => ({
        body: rssOf(
          path === "/one"
            ? [break1, { ...break1, guid: "again" }]
            : [{ title: "BREAKING: USDC Depegs!", guid: "x", link: "http://www.news.example/1/?utm_source=two" }]
        )
      }))
      assert.deepInclude(yield* yield* reader(`${server.url}/one`, "one"), { new: 1, known: 1 })
      assert.deepInclude(yield* yield* reader(`${server.url}/two`, "two"), { new: 0, known: 1 })
      assert.lengthOf(
        readings().flatMap(({ items }) => items),
        1
      )
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("tells so many at a time, the rest with the next reading, and all of them where there was no room", () =>
    Effect.gen(function* () {
      const { control, kept, reader, readings } = yield* setup
      const items = Array.from({ length: itemsMax + 5 }, (_, n) => ({ title: `USDC ${n}`, guid: String(n) }))
      const server = yield* serveNews((_, headers) =>
        headers["if-none-match"] === undefined ? { headers: { etag: "x" }, body: rssOf(items) } : { status: 304 }
      )
      const read = yield* reader(server.url)
      control.hasRoom = false
      assert.strictEqual((yield* Effect.flip(read))._tag, "NewsNotTaken")
      assert.isFalse(kept.has("news live"))
      control.hasRoom = true
      assert.deepInclude(yield* read, { new: itemsMax, known: 0, waiting: 5 })
      assert.deepInclude(yield* read, { new: 5, known: itemsMax, waiting: 0 })
      assert.deepInclude(yield* read, { isUnchanged: true })
      assert.sameMembers(
        readings().flatMap(({ items }) => items.map(({ title }) => title)),
        items.map(({ title }) => title)
      )
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("keeps what it has told also where the market's clock stood ahead before", () =>
    Effect.gen(function* () {
      const { kept, pass, reader } = yield* setup
      let items = [break1]
      const server = yield* serveNews(() => ({ body: rssOf(items) }))
      const read = yield* reader(server.url)
      pass(24 * 3_600_000)
      yield* read
      pass(-24 * 3_600_000)
      items = [{ ...break1, title: "USDT depegs", guid: "2", link: "" }, break1]
      assert.deepInclude(yield* read, { new: 1, known: 1 })
      assert.include(new TextDecoder().decode(kept.get("news live")), "USDT depegs")
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("makes none of another feed's items known by linking to its page", () =>
    Effect.gen(function* () {
      const { reader, readings } = yield* setup
      let link = ""
      const server = yield* serveNews((path) => ({
        body: rssOf([path === "/desk" ? { ...break1, link } : { title: `USDC supply grows, says ${path.slice(1)}`, guid: "x", link }])
      }))
      const desk = server.url.replace("127.0.0.1", "localhost")
      link = `${desk}/1`
      assert.deepInclude(yield* yield* reader(`${server.url}/other`, "other"), { new: 1 })
      assert.deepInclude(yield* yield* reader(`${desk}/desk`, "desk"), { new: 1 })
      assert.deepInclude(yield* yield* reader(`${server.url}/else`, "else"), { known: 1 })
      assert.deepStrictEqual(
        readings().flatMap(({ items }) => items.map(({ title }) => title)),
        ["USDC supply grows, says other", "USDC depegs"]
      )
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("says what a server did wrong, and shows nothing of its address but the host", () =>
    Effect.gen(function* () {
      const { reader, readings } = yield* setup
      const bomb = gzipSync(Buffer.alloc(64 << 20, " "))
      const document = rssOf([break1])
      const answers: Readonly<Record<string, NewsAnswer>> = {
        "/gzip": { headers: { "content-encoding": "gzip" }, body: gzipSync(document) },
        "/moved": { status: 301, headers: { location: "/gzip" } },
        "/bomb": { headers: { "content-encoding": "gzip" }, body: bomb },
        "/torn": { headers: { "content-encoding": "gzip" }, body: gzipSync(document).subarray(0, 40) },
        "/br": { headers: { "content-encoding": "br" }, body: "x" },
        "/large": { body: Buffer.alloc((1 << 20) + 1, " ") },
        "/html": { body: "<html><body>no feed</body></html>" },
        "/loop": { status: 302, headers: { location: "/loop" } },
        "/file": { status: 302, headers: { location: "file:///etc/passwd" } },
        "/user": { status: 302, headers: { location: "https://user:pass@news.example/" } },
        "/nowhere": { status: 307 },
        "/busy": { status: 429, headers: { "retry-after": "7200" } },
        "/gone": { status: 404 }
      }
      const server = yield* serveNews((path) => answers[path.split("?")[0]!] ?? {})
      for (const [path, reason, problem] of [
        ["/bomb", "too-large", "when it is unpacked"],
        ["/torn", "packed", "cannot be unpacked"],
        ["/br", "packed", "another way"],
        ["/large", "too-large", "more than 1 MB"],
        ["/html", "malformed", "neither RSS nor Atom"],
        ["/loop", "redirected", "more than 3 times"],
        ["/file", "redirected", "not followed"],
        ["/user", "redirected", "not followed"],
        ["/nowhere", "redirected", "not followed"],
        ["/busy", "refused", "429"],
        ["/gone", "refused", "404"]
      ] as const) {
        const error = yield* Effect.flip(yield* reader(`${server.url}${path}?token=T0K3N`, path.slice(1)))
        assert.deepInclude(error, { _tag: "FeedFailed", reason }, path)
        assert.include(error.message, problem)
        assert.notInclude(JSON.stringify(error), "T0K3N")
      }
      const away = yield* Effect.flip(yield* reader("http://127.0.0.1:1/T0K3N", "away"))
      assert.strictEqual(away.message, "away: it cannot be reached: ECONNREFUSED (GET http://127.0.0.1:1)")
      assert.deepStrictEqual(readings(), [])
      assert.deepInclude(yield* yield* reader(`${server.url}/moved`, "moved"), { new: 1 })
      const readingsCounted = (yield* Metric.snapshot).filter(({ id }) => id === "evenkeel_news_readings_total")
      const labels = readingsCounted.map(({ attributes }) => `${attributes?.["feed"]} ${attributes?.["outcome"]}`)
      for (const label of ["bomb too-large", "busy refused", "moved read"]) assert.include(labels, label)
      assert.notMatch(labels.join(), /127\.0\.0\.1|T0K3N/)
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("asks no private address, whether it is named, resolved or led to", () =>
    Effect.gen(function* () {
      const { reader } = yield* setup
      const server = yield* serveNews(() => ({ body: rssOf([break1]) }))
      const { port } = new URL(server.url)
      for (const url of [server.url, `http://localhost:${port}/`, `http://[::ffff:127.0.0.1]:${port}/`]) {
        const error = yield* Effect.flip(yield* reader(url, `at ${url}`, false))
        assert.deepInclude(error, { reason: "private-address" }, url)
      }
      // A name that looks public: what it resolves to decides, at the moment of connecting.
      const guarded = Layer.fresh(
        NodeHttpClient.layerUndiciOptions({ connect: { lookup: (_, options, callback) => publicLookup("localhost", options, callback) } })
      )
      const resolved = yield* Effect.flip(Effect.provide(Effect.flatten(reader(`http://news.example:${port}/`, "rebound", false)), guarded))
      assert.deepInclude(resolved, { reason: "private-address" })
      assert.deepStrictEqual(server.asked, [])
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.live("reads no more of an endless document than its limit, and hangs up", () =>
    Effect.gen(function* () {
      const { reader } = yield* setup
      const server = yield* serveWithoutEnd
      assert.deepInclude(yield* Effect.flip(yield* reader(server.url)), { reason: "too-large" })
      yield* server.hungUp
      assert.isBelow(server.sentMegabytes(), 64)
    }).pipe(Effect.scoped, Effect.provide(layer))
  )
})

/** Looks until the condition holds; calls over loopback happen in between. */
const until = <E, R>(condition: Effect.Effect<boolean, E, R>) =>
  Effect.promise(() => new Promise(setImmediate)).pipe(Effect.andThen(condition), Effect.repeat({ until: (holds) => holds }))

describe("a watcher of news", () => {
  it.effect("gives up on a slow feed, asks a failing one less often, waits as long as it is told to, and is well again at once", () =>
    Effect.gen(function* () {
      const { optionsOf, services } = yield* setup
      let answer: NewsAnswer = { isSilent: true }
      const server = yield* serveNews(() => answer)
      yield* Effect.provide(makeNewsWatcher(optionsOf(server.url)), services)
      const health = yield* HealthRegistry
      const own = Effect.map(health.snapshot, (all) => all.find(({ component }) => component === "news:desk")!)
      const asked = (times: number) => until(Effect.sync(() => server.asked.length === times))
      const says = (words: string) => until(Effect.map(own, ({ detail }) => detail.includes(words)))
      yield* asked(1)
      yield* TestClock.adjust("20 seconds")
      yield* says("took too long")
      assert.strictEqual((yield* own).status, "degraded")
      assert.isTrue(yield* health.ready, "news is no reason not to be ready")
      // Ten minutes after the first failure, twenty after the second, then two hours as the server asks.
      answer = { status: 500 }
      yield* TestClock.adjust("9 minutes")
      assert.lengthOf(server.asked, 1)
      yield* TestClock.adjust("1 minutes")
      yield* asked(2)
      yield* says("answers 500")
      answer = { status: 503, headers: { "retry-after": "7200" } }
      yield* TestClock.adjust("20 minutes")
      yield* asked(3)
      yield* says("answers 503")
      answer = { body: rssOf([break1]) }
      yield* TestClock.adjust("119 minutes")
      assert.lengthOf(server.asked, 3)
      yield* TestClock.adjust("1 minutes")
      yield* says("1 new")
      assert.strictEqual((yield* own).status, "running")
      yield* TestClock.adjust("5 minutes")
      yield* asked(5)
    }).pipe(Effect.scoped, Effect.provide(layer))
  )
})

describe("NewsFeed", () => {
  it.effect("shows the newest headlines of a coin, and tells nothing again after a restart", () =>
    Effect.gen(function* () {
      const { kept, next, optionsOf, readings, services } = yield* setup
      const server = yield* serveNews(() => ({ body: rssOf([break1, { title: "USDT holds its peg", guid: "2" }]) }))
      const { coins, feed } = optionsOf(server.url)
      const run = Effect.gen(function* () {
        const { newest } = yield* News
        yield* next(FrameSource.news)
        yield* until(Effect.sync(() => kept.has("news live")))
        return newest("USDC", 5)
      }).pipe(Effect.provide(layerNews({ name: "live", feeds: [feed], coins, allowPrivate: true }).pipe(Layer.provide(services))))
      const headlines = [{ title: "USDC depegs", feed: "desk", link: "https://news.example/1", time: start - 3_600_000, score: -1 }]
      assert.deepStrictEqual(yield* run, headlines)
      assert.deepStrictEqual(yield* run, headlines)
      assert.deepStrictEqual(
        readings().map(({ items }) => items.length),
        [2, 0]
      )
      assert.deepStrictEqual((yield* News).newest("USDC", 5), [], "nothing where no feed is read")
    }).pipe(Effect.scoped, Effect.provide(layer))
  )
})
