/** A model's life in a running engine: its market is not as in training, drift is found, a training learns from the journal, its challenger is promoted and serves. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { decoderOf } from "@evenkeel/connectors/exchange/Decoders"
import { FrameSink } from "@evenkeel/connectors/transport/FrameSink"
import { comparedEvery } from "@evenkeel/detection/drift/DriftWatch"
import { coinFeatureNames, featureRow } from "@evenkeel/detection/feature/coin/CoinFeatures"
import { Detection } from "@evenkeel/detection/host/Detection"
import { type HotPathLoop, makeHotPathLoop } from "@evenkeel/detection/host/HotPathLoop"
import { HotPathThreads, type StartHotPathThread } from "@evenkeel/detection/host/HotPathThreads"
import { Prediction, type PredictionEvent } from "@evenkeel/detection/host/Prediction"
import { horizonsMinutes } from "@evenkeel/detection/hotpath/SignalRecord"
import { readModel } from "@evenkeel/detection/model/ModelFiles"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { sourceIds } from "@evenkeel/domain/market/Venue"
import { TrainingPriority } from "@evenkeel/lab/training/Retrain"
import { Random } from "@evenkeel/learning/data/Random"
import { predict } from "@evenkeel/learning/model/Model"
import { MarketJournal } from "@evenkeel/store/journal/MarketJournal"
import { ModelRegistry } from "@evenkeel/store/model/ModelRegistry"
import { Context, Effect, Exit, Layer, Logger, Option, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { constants, tmpdir } from "node:os"
import { join } from "node:path"
import type { Worker } from "node:worker_threads"
import { loadConfig } from "../src/config/LoadConfig.ts"
import { layerEngineOnDatabase } from "../src/engine/Engine.ts"
import type { EngineSetup } from "../src/engine/EngineSetup.ts"
import { slide, startsAt } from "../../lab/test/support/PriceFiles.ts"
import { layerMemoryDatabase } from "../../store/test/support/MemoryDatabase.ts"

const hour = 3_600_000
const day = 24 * hour
/** So many that their bars are compared with the model's training soon after two breaks in separate weeks; where none is learned from, more. */
const fewSymbols = ["USDC", "USDT", "DAI", "FDUSD", "PYUSD", "TUSD"]
const manySymbols = [...fewSymbols, "USDP", "USDS", "USD1", "USDE", "LUSD", "GUSD", "USDD", "USDG", "RLUSD", "USD0"]
const kraken = sourceIds.indexOf("kraken")
const bytesOf = (text: string) => new TextEncoder().encode(text)

/** Deviations from the peg, bps, hour by hour. A break every 175 hours, of the coins in turn. */
interface Regime {
  readonly usualBps: number
  readonly noiseBps: number
  readonly breakBps: number
}
const rough: Regime = { usualBps: -14, noiseBps: 9, breakBps: -160 }
const unbroken: Regime = { usualBps: -14, noiseBps: 4, breakBps: 0 }
const breakEveryHours = 175

const deviationOf = ({ breakBps, noiseBps, usualBps }: Regime, random: Random, coin: number, at: number): number => {
  const breaks = Math.floor(at / breakEveryHours)
  const broken = breaks === coin ? slide(30, 6, breakBps)(at % breakEveryHours) : 0
  return usualBps + noiseBps * random.normal() + broken
}

const isTraining = ({ threadName }: Worker) => threadName?.startsWith("evenkeel-pool") === true
/** Lets the threads and the database answer. */
const turn = Effect.callback<void>((resume) => void setImmediate(() => resume(Effect.void)))
/** As `turn`, and leaves the processor to a training's thread. */
const rest = Effect.callback<void>((resume) => void setTimeout(() => resume(Effect.void), 2))
const until = (what: string, test: () => boolean) =>
  Effect.repeat(rest, { while: () => !test() }).pipe(
    Effect.timeoutOrElse({ duration: "60 seconds", orElse: () => Effect.die(new Error(`not within 60 s: ${what}`)) }),
    TestClock.withLive
  )

/** The hot path's thread in steps of this one, so that a bar is judged when the test says so. */
class InPlace {
  #end: ((code: number) => void) | undefined
  #loop: HotPathLoop | undefined

  readonly start: StartHotPathThread = (data, handlers) => {
    const loop = makeHotPathLoop(
      data,
      data.venues.map(({ id }) => decoderOf(id)),
      handlers.onCheckpoint,
      handlers.onCheckpointRefused
    )
    this.#loop = loop
    const ended = new Promise<void>((resolve) => {
      this.#end = (code) => {
        this.#loop = undefined
        handlers.onExit(code)
        resolve()
      }
    })
    return () => {
      if (this.#loop === loop) this.#end?.(1)
      return ended
    }
  }

  turn(): void {
    const loop = this.#loop
    loop?.turn()
    if (loop?.ended() !== true) return
    loop.close()
    this.#end?.(0)
  }
}

/** The engine with everything that it has but sockets, on a market's time that the test moves: what a venue would send is put where sockets put it. */
class Harness {
  readonly data = mkdtempSync(join(tmpdir(), "evenkeel-retraining-"))
  readonly symbols: ReadonlyArray<string>
  readonly logged: Array<string> = []
  readonly workers: Array<Worker> = []
  readonly #hotPath = new InPlace()
  readonly #random = new Random(5)
  /** A training's thread ends as soon as it runs. */
  killsTrainings = false
  readonly #onWorker = (worker: Worker) => {
    this.workers.push(worker)
    if (this.killsTrainings && isTraining(worker)) worker.once("online", () => void worker.terminate())
  }
  #now = startsAt
  #hours = 0

  constructor(symbols: ReadonlyArray<string>) {
    this.symbols = symbols
    process.on("worker", this.#onWorker)
  }

  close(): void {
    process.off("worker", this.#onWorker)
    rmSync(this.data, { recursive: true, force: true })
  }

  /** Starts the engine, for the scope's lifetime. */
  readonly start = Effect.fnUntraced({ self: this }, function* (this: Harness) {
    const config = yield* loadConfig(Option.none(), {
      EVENKEEL_DATA: this.data,
      EVENKEEL_COINS: this.symbols.join(),
      EVENKEEL_HOT_PATH_BAR_SECONDS: "3600",
      EVENKEEL_HOT_PATH_STALE_AFTER_SECONDS: "86400",
      EVENKEEL_HOT_PATH_RING_MEBIBYTES: "1",
      EVENKEEL_MODELS_TURN_MINUTES: "10080"
    })
    const setup: EngineSetup = {
      coins: this.symbols.map((symbol) => coinOf(symbol)!),
      instruments: this.symbols.map((base) => ({ venue: "kraken", symbol: `${base}/USD`, base, quote: "USD" })),
      bridges: [],
      discovered: [],
      venues: [],
      clock: () => this.#now,
      receivers: [],
      spares: 0,
      engineId: "one",
      engineName: "live",
      simulated: false,
      warmStart: true,
      staleAfterMillis: day
    }
    const logger = Logger.make(
      ({ message }) =>
        void this.logged.push(
          [message]
            .flat()
            .map((each) => (each instanceof Error ? each.message : JSON.stringify(each)))
            .join(" ")
        )
    )
    const services = yield* Layer.build(
      Layer.fresh(layerEngineOnDatabase(config, setup)).pipe(
        Layer.provide(Layer.succeed(TrainingPriority, constants.priority.PRIORITY_NORMAL)),
        Layer.provide(Layer.succeed(HotPathThreads, this.#hotPath.start)),
        Layer.provide(Logger.layer([logger]))
      )
    )
    const events: Array<PredictionEvent> = []
    const prediction = Context.get(services, Prediction)
    yield* Effect.forkScoped(
      Stream.runForEach(prediction.events, (event) => Effect.sync(() => events.push(event))),
      { startImmediately: true }
    )
    Context.get(services, FrameSink).offer(FrameSource.connected, kraken, 0, -1, new Uint8Array(0))
    return {
      prediction,
      events,
      detection: Context.get(services, Detection),
      registry: Context.get(services, ModelRegistry),
      sink: Context.get(services, FrameSink),
      journal: Context.get(services, MarketJournal)
    }
  })

  /** Ends an engine; its time goes on for as long as that takes. */
  stop(scope: Scope.Closeable): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
      while (closing.pollUnsafe() === undefined) {
        this.#hotPath.turn()
        yield* TestClock.adjust("10 millis")
        yield* turn
      }
    })
  }

  /** Plays hours of the market; every bar is judged and looked at before the next. Ends early once `done` holds. */
  readonly play = Effect.fnUntraced(
    { self: this },
    function* (
      this: Harness,
      { detection, journal, sink }: Effect.Success<ReturnType<Harness["start"]>>,
      regime: Regime,
      hours: number,
      done: () => boolean = () => false
    ) {
      const row = new Float64Array(featureRow)
      for (let played = 0; played < hours && !done(); played++) {
        const closes = startsAt + ++this.#hours * hour
        this.#now = closes - hour / 2
        for (const [coin, symbol] of this.symbols.entries()) {
          const middle = 1 + deviationOf(regime, this.#random, coin, this.#hours) / 1e4
          const [bid, ask] = [middle - 1e-4, middle + 1e-4].map((price) => price.toFixed(6))
          sink.offer(
            FrameSource.socket,
            kraken,
            0,
            -1,
            bytesOf(
              `{"channel":"ticker","type":"update","data":[{"symbol":"${symbol}/USD","bid":${bid},"bid_qty":90000.0,"ask":${ask},"ask_qty":90000.0,"last":${bid},"volume":1.0,"vwap":1.0,"low":1.0,"high":1.0,"change":0.0,"change_pct":0.0,"timestamp":"2030-01-01T00:00:00.000000Z"}]}`
            )
          )
        }
        this.#now = closes + 1
        sink.tick()
        // A coin whose quote is the same to the last digit has no news.
        yield* until(`bar ${this.#hours}`, () => {
          this.#hotPath.turn()
          return this.symbols.some((_, coin) => detection.features(coin, row) && row[0] === closes)
        })
        yield* TestClock.adjust("1 second")
        // A day's block at least, so that there are segments which are closed.
        if (this.#hours % 24 === 0) yield* journal.flush
      }
    }
  )
}

const harness = (symbols: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync(() => new Harness(symbols)),
    (each) => Effect.sync(() => each.close())
  )
const services = Layer.mergeAll(layerMemoryDatabase, NodeServices.layer, NodeHttpClient.layerUndici)
const hasRetrained = (events: ReadonlyArray<PredictionEvent>) => events.some(({ _tag }) => _tag === "ModelRetrained")
const drifts = (events: ReadonlyArray<PredictionEvent>) => events.some(({ _tag }) => _tag === "ModelDrifts")

describe("a model in a running engine", () => {
  it.effect(
    "is found to drift in a market that it does not know, gives way to one that learned from the journal, and a restart keeps that",
    () =>
      Effect.gen(function* () {
        const market = yield* harness(fewSymbols)
        const scope = yield* Scope.make()
        const engine = yield* market.start().pipe(Scope.provide(scope))
        const champion = engine.prediction.serving()?.version
        yield* market.play(engine, rough, (2 * comparedEvery) / fewSymbols.length, () => drifts(engine.events))
        assert.isTrue(drifts(engine.events))
        yield* until("a model is trained", () => hasRetrained(engine.events) || market.logged.some((line) => line.includes("failed")))
        const [entered] = yield* engine.registry.list
        assert.strictEqual(entered?.status, "challenger", market.logged.slice(-5).join("\n"))
        assert.strictEqual(engine.prediction.serving()?.version, champion, "a challenger waits for its promotion")
        const model = yield* readModel(entered!.name, yield* engine.registry.bytesOf(entered!.version))
        const learned = model.provenance.files
        assert.isAbove(learned.length, 5)
        for (const { name, rows, sha256, span } of learned) {
          assert.match(name, /^journal\/\d{6}\.journal$/)
          assert.match(sha256, /^[0-9a-f]{64}$/)
          assert.isAbove(rows, 0)
          assert.isAtLeast(span!.from, startsAt)
        }
        const newest = readdirSync(join(market.data, "journal"))
          .filter((name) => name.endsWith(".journal"))
          .sort()
          .at(-1)!
        assert.notInclude(
          learned.map(({ name }) => name),
          `journal/${newest}`,
          "what the engine is writing is not read"
        )
        assert.isAbove(model.provenance.events.length, 1)

        yield* engine.registry.promote(entered!.version, 1)
        yield* engine.prediction.choose
        yield* market.play(engine, rough, 1)
        /** The bar's probabilities are what the new model says of the bar's features. */
        const says = ({ detection }: typeof engine) => {
          const row = new Float64Array(featureRow)
          detection.features(0, row)
          const expected = predict(
            model.model,
            Float64Array.from(model.model.features, (name) => row[1 + coinFeatureNames.indexOf(name)]!)
          )
          const { horizons, version } = detection.coin(0)!.model!
          assert.strictEqual(version, entered!.version)
          let least = 0
          for (const [index, minutes] of horizonsMinutes.entries()) {
            const head = model.model.heads.findIndex((each) => each.label === "onset" && each.horizonMinutes === minutes)
            if (head < 0) continue
            least = Math.max(least, expected[head]!.probability)
            assert.closeTo(horizons[index]!.probability!, least, 1e-5)
          }
          assert.isAbove(least, 0)
        }
        assert.deepInclude(engine.prediction.serving(), { version: entered!.version, status: "champion" })
        says(engine)
        yield* market.stop(scope)

        const last = yield* Scope.make()
        const again = yield* market.start().pipe(Scope.provide(last))
        assert.strictEqual(again.prediction.serving()?.version, entered!.version)
        yield* market.play(again, rough, 1)
        says(again)
        yield* market.stop(last)
      }).pipe(Effect.scoped, Effect.provide(services)),
    120_000
  )

  it.effect(
    "goes on serving when a training finds too little, dies, or is cut off by the engine's end",
    () =>
      Effect.gen(function* () {
        const market = yield* harness(manySymbols)
        mkdirSync(join(market.data, "journal"))
        // Garbage, a segment without frames, and a directory, where segments should be; the newest is not read at all.
        writeFileSync(join(market.data, "journal", "000001.journal"), "no journal")
        writeFileSync(join(market.data, "journal", "000002.journal"), Buffer.concat([Buffer.from("EVKJRNL1"), Buffer.alloc(40, 255)]))
        mkdirSync(join(market.data, "journal", "000003.journal"))
        writeFileSync(join(market.data, "journal", "000004.journal"), "")
        /** A run of the engine whose shipped model is found to drift, and what then happens to the training. */
        const run = (then: (engine: Effect.Success<ReturnType<Harness["start"]>>, training: Worker) => Effect.Effect<void>) =>
          Effect.gen(function* () {
            market.logged.length = 0
            const scope = yield* Scope.make()
            const engine = yield* market.start().pipe(Scope.provide(scope))
            const before = yield* engine.registry.list
            const { version } = engine.prediction.serving()!
            yield* market.play(engine, unbroken, (2 * comparedEvery) / manySymbols.length, () => drifts(engine.events))
            assert.isTrue(drifts(engine.events))
            yield* then(engine, market.workers.findLast(isTraining)!)
            assert.strictEqual(engine.prediction.serving()?.version, version)
            assert.deepStrictEqual(
              (yield* engine.registry.list).map((each) => each.version),
              before.map((each) => each.version)
            )
            yield* market.play(engine, unbroken, 1)
            assert.strictEqual(engine.detection.coin(0)?.model?.version, version)
            yield* market.stop(scope)
            // A training a day, restarts included.
            yield* TestClock.adjust("1 day")
          })
        const failed = (problem: string) =>
          until(`the log says: ${problem}`, () =>
            market.logged.some((line) => line.includes("retraining failed") && line.includes(problem))
          )
        yield* run(() => failed("not enough to learn from"))
        market.killsTrainings = true
        yield* run(() => failed("the thread ended"))
        market.killsTrainings = false
        let trainings: ReadonlyArray<Worker> = []
        yield* run((_, training) => Effect.sync(() => void (trainings = [training])))
        yield* until("its thread is gone", () => trainings.every(({ threadId }) => threadId < 0))
        assert.isFalse(market.logged.some((line) => line.includes("challenges the champion")))
      }).pipe(Effect.scoped, Effect.provide(services)),
    120_000
  )
})
