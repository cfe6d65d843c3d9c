import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { LocalHotPath } from "@evenkeel/detection/host/LocalHotPath"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { EventKind, eventPayload } from "@evenkeel/domain/market/MarketRecord"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import type { JournalManifest } from "@evenkeel/store/journal/JournalFormat"
import { readJournal } from "@evenkeel/store/journal/JournalReader"
import { MarketJournal } from "@evenkeel/store/journal/MarketJournal"
import { Effect, FileSystem, Layer, Logger } from "effect"
import { startsAt } from "../../test/support/PriceFiles.ts"
import { modelFeatures } from "./Recipe.ts"
import type { CoinSeries } from "./Samples.ts"
import { JournalCollector, readJournalSeries, segmentsToRead } from "./JournalSeries.ts"

const hour = 3_600_000
const coins = [coinOf("USDC")!, coinOf("DAI")!]
const instruments = coins.map(({ symbol }) => ({ venue: "kraken", symbol: `${symbol}/USD`, base: symbol, quote: "USD" }))
const manifestOf = (over: Partial<JournalManifest> = {}): JournalManifest => ({
  startedAt: 1,
  barMillis: hour,
  coins,
  venues: ["kraken"],
  instruments,
  staleAfterMillis: 24 * hour,
  simulated: false,
  ...over
})
const deviationOf = (coin: number, at: number) => (at % 200 >= 150 && at % 200 < 156 ? -90 : Math.sin(at * (coin + 1)))

/** One run of an engine: hourly closes of both coins, in a block a day. What the first coin was judged by, bar by bar. */
const record = (directory: string, manifest: JournalManifest, from: number, to: number) =>
  Effect.gen(function* () {
    const journal = yield* MarketJournal
    const venues = manifest.venues.map((id) => ({ id, decoder: undefined }))
    const local = new LocalHotPath({ coins, instruments, venues, barMillis: manifest.barMillis, scoreGapMillis: Infinity })
    const judged: Array<number> = []
    local.hotPath.onJudged = (coin, { deviationBps }) => {
      if (coin === 0) judged.push(deviationBps)
    }
    for (let at = from; at < to; at++) {
      for (const coin of coins.keys()) {
        const received = startsAt + at * hour + hour / 2
        const payload = eventPayload(EventKind.candle, [received, 1 + deviationOf(coin, at) / 1e4, 1e6, 5e5, 1, 1, hour])
        journal.append(local.frame, 0, local.feed({ source: FrameSource.event, venue: 0, instrument: coin, received, payload }))
        local.signals({})
      }
      if (at % 24 === 23) yield* journal.flush
    }
    return judged
  }).pipe(Effect.provide(Layer.fresh(MarketJournal.layer({ directory, manifest }))))

const layer = Supervisor.layer.pipe(Layer.provideMerge(HealthRegistry.layer), Layer.provideMerge(NodeServices.layer))
const inDirectory = Effect.flatMap(FileSystem.FileSystem, (files) => files.makeTempDirectoryScoped())
const bars = 20 * 24

describe("readJournalSeries", () => {
  it.effect("gives the bars of all closed segments, as they were judged, over the runs of an engine", () =>
    Effect.gen(function* () {
      const directory = yield* inDirectory
      yield* record(directory, manifestOf(), 0, bars / 2)
      yield* record(directory, manifestOf({ startedAt: 2 }), bars / 2, bars)
      const { files, series } = yield* readJournalSeries(directory, false)
      assert.deepStrictEqual(
        series.map(({ coin, market, stepMillis }) => [coin, market, stepMillis]),
        [
          ["USDC", "journal", hour],
          ["DAI", "journal", hour]
        ]
      )
      // A segment a day; the newest is left alone.
      assert.lengthOf(files, 19)
      const { breaks, deviationsBps, times } = series[0]!
      assert.lengthOf(times, bars - 24)
      for (const [at, time] of times.entries()) assert.strictEqual(time, startsAt + (at + 1) * hour)
      assert.deepStrictEqual(
        breaks.map(({ onset }) => (onset - startsAt) / hour),
        // A lone price that jumps is believed at its second bar.
        [151, 351]
      )
      assert.strictEqual(
        files.reduce((sum, { rows }) => sum + rows, 0),
        // The last bar closes once all segments are played.
        2 * (times.length - 1)
      )
      assert.deepInclude(files[0]!.span, { from: startsAt + hour })

      // As one run, whose detectors learned the same: what a run had learned is taken up by the next.
      const whole = yield* inDirectory
      const judged = yield* record(whole, manifestOf(), 0, bars)
      const [one] = (yield* readJournalSeries(whole, false)).series
      assert.deepStrictEqual([...one!.deviationsBps], judged.slice(0, one!.times.length))
      assert.deepStrictEqual([...deviationsBps].map(Math.round), [...one!.deviationsBps].map(Math.round))
      const last = (from: CoinSeries) => Array.from(from.features.slice(-modelFeatures.length), (each) => each.toPrecision(3))
      assert.deepStrictEqual(last(series[0]!), last(one!))
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("leaves out what cannot be read, what is made up, and what a market that began anew left behind", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const directory = yield* inDirectory
      yield* record(directory, manifestOf(), 0, 120)
      yield* files.writeFileString(`${directory}/000002.journal`, "no segment")
      yield* files.makeDirectory(`${directory}/000099.journal`)
      const read = yield* readJournalSeries(directory, false)
      assert.deepStrictEqual(
        read.files.map(({ name }) => name),
        [1, 3, 4, 5].map((number) => `journal/00000${number}.journal`)
      )
      assert.deepStrictEqual(yield* readJournalSeries(directory, true), { series: [], files: [] })
      assert.deepStrictEqual(yield* readJournalSeries(`${directory}/none`, false), { series: [], files: [] })

      const collector = new JournalCollector()
      for (const number of [4, 5, 1]) {
        const segment = yield* readJournal(`${directory}/00000${number}.journal`)
        collector.play({ ...segment, manifest: manifestOf({ startedAt: number }) })
      }
      const [one] = collector.series()
      assert.strictEqual(one!.times[0], startsAt + hour)
      assert.isAtMost(one!.times.length, 24)
      assert.deepStrictEqual(collector.series(), [], "what was given is not kept as well")
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("leaves out segments of which nobody knows whether their market was made up, and says so once", () =>
    Effect.gen(function* () {
      const directory = yield* inDirectory
      const { simulated: _, ...older } = manifestOf()
      yield* record(directory, older, 0, 72)
      yield* record(directory, manifestOf({ startedAt: 2, simulated: true }), 72, 120)
      yield* record(directory, manifestOf({ startedAt: 3 }), 120, 192)
      const logged: Array<string> = []
      const logger = Logger.make(({ message }) => void logged.push(JSON.stringify(message)))
      const read = (simulated: boolean) => Effect.provide(readJournalSeries(directory, simulated), Logger.layer([logger]))
      const { files, series } = yield* read(false)
      assert.deepStrictEqual(
        files.map(({ name }) => name),
        ["journal/000006.journal", "journal/000007.journal"]
      )
      assert.strictEqual(series[0]!.times[0], startsAt + 121 * hour)
      assert.deepStrictEqual(
        logged.filter((line) => line.includes("made up")),
        [
          '["segments of the journal are left out of the training: earlier versions did not record whether their market was made up",{"segments":3}]'
        ]
      )
      assert.lengthOf((yield* read(true)).files, 2)
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("remembers a bounded number of bars, the newest", () =>
    Effect.gen(function* () {
      const directory = yield* inDirectory
      yield* record(directory, manifestOf(), 0, 240)
      const collector = new JournalCollector(100)
      for (const number of ["01", "02", "03", "04", "05", "06", "07", "08", "09", "10"])
        collector.play(yield* readJournal(`${directory}/0000${number}.journal`))
      for (const { times } of collector.series()) {
        assert.isBelow(times.length, 51)
        assert.isAbove(times.length, 24)
        assert.strictEqual(times.at(-1), startsAt + 240 * hour)
      }
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it("reads the newest segments that the bound allows, and none that no engine wrote", () => {
    const segment = (name: string, bytes: number) => ({ name, file: name, bytes })
    const all = [segment("1", 50), segment("2", 2 ** 40), segment("3", 40), segment("4", 30)]
    const named = (most: number) => segmentsToRead(all, most).map(({ name }) => name)
    assert.deepStrictEqual(named(1000), ["1", "3", "4"])
    assert.deepStrictEqual(named(119), ["3", "4"])
    assert.deepStrictEqual(named(30), ["4"])
    assert.deepStrictEqual(named(29), [])
  })
})
