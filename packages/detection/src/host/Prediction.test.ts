/** The prediction engine on the real registry and the real memory that the hot path reads its model from. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, it, layer } from "@effect/vitest"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { profileOf } from "@evenkeel/learning/drift/Drift"
import { encodeModel, type ModelFile } from "@evenkeel/learning/model/ModelFile"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { beginning, EventStore } from "@evenkeel/store/event/EventStore"
import { ModelRegistry, type ModelStatus, type Recalibration, recalibrationStream } from "@evenkeel/store/model/ModelRegistry"
import { Snapshots } from "@evenkeel/store/snapshot/Snapshots"
import { Deferred, Effect, Exit, Fiber, Layer, Option, Scope, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import { comparedEvery } from "../drift/DriftWatch.ts"
import { coinFeatureNames, featureRow } from "../feature/coin/CoinFeatures.ts"
import { horizonsMinutes } from "../hotpath/SignalRecord.ts"
import { sha256Of } from "../model/ModelFiles.ts"
import { allocateModelMemory, ModelReader } from "../model/ModelMemory.ts"
import { Detection } from "./Detection.ts"
import { Prediction, type PredictionEvent, type PredictionOptions } from "./Prediction.ts"
import type { Retrain } from "./PredictionRetraining.ts"
import type { CoinState } from "./States.ts"
import { layerMemoryDatabase } from "../../../store/test/support/MemoryDatabase.ts"

const minute = 60_000
/** No turn ends unless a test says so: choosing reads the database, in whose time the test's clock does not stop. */
const defaults: PredictionOptions = {
  engineName: "live",
  enabled: true,
  challengers: false,
  turnMinutes: 10_000,
  recalibrate: false,
  retrain: Option.none()
}

const modelFile = (name: string, intercept = 0): ModelFile => ({
  name,
  provenance: {
    until: 0,
    seed: 1,
    files: [],
    events: [],
    recipe: {},
    profiles: [profileOf(Float64Array.from({ length: 1000 }, (_, i) => i / 1000))],
    figures: {}
  },
  model: {
    features: ["distance_bps"],
    scaler: { scales: Float64Array.of(1), means: Float64Array.of(0), deviations: Float64Array.of(1) },
    heads: horizonsMinutes.map((horizonMinutes) => ({
      label: "onset" as const,
      horizonMinutes,
      members: [{ kind: "logistic" as const, model: { intercept, weights: Float64Array.of(0) } }],
      blend: { kind: "vote" as const, weights: Float64Array.of(1), intercept: 0 },
      calibration: { kind: "platt" as const, curve: { slope: 1, intercept: 0 } },
      interval: { scores: Float64Array.of(0), low: Float64Array.of(0), high: Float64Array.of(1) }
    }))
  }
})

const add = (name: string, status: ModelStatus, bytes: Uint8Array = encodeModel(modelFile(name))) =>
  Effect.flatMap(ModelRegistry, (registry) => registry.add({ name, sha256: sha256Of(bytes), bytes, status, at: 0 }))

/** A market in the hand of the test: bars, and what a model said at their close. */
class Market {
  readonly models = allocateModelMemory()
  readonly coins = [coinOf("USDC")!, coinOf("USDT")!]
  readonly #reader = new ModelReader(this.models)
  readonly #row = new Float64Array(coinFeatureNames.length)
  #close = 0
  #distance = 0.5
  #state: CoinState | undefined

  /** Closes a bar of the first coin. The model that serves is taken up and predicts, as in the hot path. */
  bar(close: number, deviationBps: number, distance = 0.5): CoinState {
    const out = new Float64Array(3 * horizonsMinutes.length).fill(Number.NaN)
    const predicted = this.#reader.predict(this.#row, false, out)
    this.#close = close
    this.#distance = distance
    this.#state = {
      coin: "USDC",
      time: close,
      fairValue: 1 + deviationBps / 1e4,
      errorBps: 1,
      deviationBps,
      level: "normal",
      change: "recovery",
      since: null,
      grounded: true,
      share: null,
      detectors: { baselineBps: 0, score: 0, cusum: 0, changepoint: 0 },
      venues: { agree: [], differ: [] },
      model: predicted
        ? {
            version: this.#reader.version,
            horizons: horizonsMinutes.map((minutes, index) => ({ minutes, probability: out[3 * index]!, low: 0, high: 1 }))
          }
        : null
    }
    return this.#state
  }

  get layer() {
    return Detection.layerTest({
      coins: this.coins,
      models: this.models,
      coin: (index) => (index === 0 ? this.#state : undefined),
      features: (index, target) => {
        if (index !== 0 || this.#close === 0) return false
        assert.lengthOf(target, featureRow)
        target.fill(this.#distance)
        target[0] = this.#close
        return true
      }
    })
  }
}

const services = Supervisor.layer.pipe(Layer.provideMerge(HealthRegistry.layer), Layer.provideMerge(NodeServices.layer))
const store = Layer.merge(ModelRegistry.layer, Snapshots.layer).pipe(
  Layer.provideMerge(EventStore.layer),
  Layer.provideMerge(layerMemoryDatabase),
  Layer.provideMerge(services)
)

/** Runs against an empty registry, with the engine and its market for as long as the scope lasts. */
const open = Effect.fnUntraced(function* (market: Market, options: Partial<PredictionOptions> = {}) {
  const context = yield* Layer.build(Prediction.layer({ ...defaults, ...options }).pipe(Layer.provide(market.layer)))
  return yield* Effect.provide(Prediction, context)
})
const empty = Effect.flatMap(SqlClient.SqlClient, (sql) => Effect.andThen(sql`delete from model`, sql`delete from snapshot`))
const health = Effect.map(
  Effect.flatMap(HealthRegistry, ({ snapshot }) => snapshot),
  (all) => all.find(({ component }) => component === "prediction")
)

layer(store)("Prediction", (it) => {
  it.effect("serves the shipped model where the registry is empty, and enters it as the champion once", () =>
    Effect.gen(function* () {
      yield* empty
      const market = new Market()
      const prediction = yield* open(market)
      yield* prediction.choose
      const entries = yield* (yield* ModelRegistry).list
      assert.deepStrictEqual(
        entries.map(({ name, status, version }) => ({ name, status, version })),
        [prediction.serving()]
      )
      assert.strictEqual(market.bar(minute, 0).model?.version, prediction.serving()?.version)
      assert.deepInclude(yield* health, { status: "running" })
    })
  )

  it.effect("leaves a champion in service when a newer model is shipped, which challenges it", () =>
    Effect.gen(function* () {
      yield* empty
      const version = yield* add("own", "champion")
      const prediction = yield* open(new Market())
      assert.deepStrictEqual(prediction.serving(), { version, name: "own", status: "champion" })
      const entries = yield* (yield* ModelRegistry).list
      assert.deepStrictEqual(
        entries.map(({ status }) => status),
        ["challenger", "champion"]
      )
    })
  )

  it.effect("takes up a promotion when asked, once the hot path has taken up the model before", () =>
    Effect.gen(function* () {
      yield* empty
      const first = yield* add("first", "champion")
      const second = yield* add("second", "challenger", encodeModel(modelFile("second", 2)))
      const market = new Market()
      const prediction = yield* open(market)
      yield* (yield* ModelRegistry).promote(second, 1)
      yield* prediction.choose
      assert.strictEqual(prediction.serving()?.version, first, "the place of the next model is still in use")
      assert.strictEqual(market.bar(minute, 0).model?.version, first)
      yield* prediction.choose
      assert.strictEqual(prediction.serving()?.version, second)
      const state = market.bar(2 * minute, 0)
      assert.strictEqual(state.model?.version, second)
      assert.closeTo(state.model!.horizons[0]!.probability!, 1 / (1 + Math.exp(-2)), 1e-6)
    })
  )

  it.effect("takes up a promotion at the end of a turn without being asked", () =>
    Effect.gen(function* () {
      yield* empty
      yield* add("first", "champion")
      const second = yield* add("second", "challenger", encodeModel(modelFile("second", 2)))
      const market = new Market()
      const prediction = yield* open(market, { turnMinutes: 5 })
      market.bar(minute, 0)
      const served = yield* Effect.forkChild(Stream.runHead(prediction.events), { startImmediately: true })
      yield* (yield* ModelRegistry).promote(second, 1)
      yield* TestClock.adjust("5 minutes")
      const event = Option.getOrThrow(yield* Fiber.join(served))
      assert.deepStrictEqual(event, { _tag: "ModelServes", model: { version: second, name: "second", status: "champion" } })
    })
  )

  it.effect("leaves the model before in service when the champion's bytes are damaged", () =>
    Effect.gen(function* () {
      yield* empty
      const good = yield* add("good", "champion")
      const market = new Market()
      const prediction = yield* open(market)
      market.bar(minute, 0)
      yield* add("damaged", "champion", encodeModel(modelFile("damaged")).subarray(0, 100))
      yield* prediction.choose
      assert.strictEqual(prediction.serving()?.version, good)
      assert.strictEqual(market.bar(2 * minute, 0).model?.version, good)
    })
  )

  it.effect("says in health that the detectors alone decide when no model can serve", () =>
    Effect.gen(function* () {
      yield* empty
      yield* add("damaged", "champion", encodeModel(modelFile("damaged")).subarray(0, 100))
      const prediction = yield* open(new Market())
      assert.isUndefined(prediction.serving())
      const reported = yield* health
      assert.strictEqual(reported?.status, "degraded")
      assert.include(reported?.detail, "the detectors alone decide")
    })
  )

  it.effect("does nothing when models are turned off", () =>
    Effect.gen(function* () {
      yield* empty
      const prediction = yield* open(new Market(), { enabled: false })
      yield* prediction.choose
      assert.isUndefined(prediction.serving())
      assert.deepStrictEqual(yield* (yield* ModelRegistry).list, [])
    })
  )

  it.effect("credits the model that served with what it earned, at the end of each turn and at shutdown", () =>
    Effect.gen(function* () {
      yield* empty
      const version = yield* add("even", "champion")
      const registry = yield* ModelRegistry
      const market = new Market()
      const scope = yield* Scope.make()
      const prediction = yield* open(market).pipe(Scope.provide(scope))
      const play = (from: number, until: number) =>
        Effect.forEach(
          Array.from({ length: until - from }, (_, index) => from + index),
          (at) =>
            Effect.andThen(
              Effect.sync(() => market.bar(at * minute, 5)),
              TestClock.adjust("1 second")
            ),
          { discard: true }
        )
      const credited = Effect.map(registry.list, (entries) => entries.find((entry) => entry.version === version)!)
      // Of 90 predictions of one half, the first 30 have come to their end without a break.
      yield* play(1, 91)
      yield* prediction.choose
      const { reward, served } = yield* credited
      assert.closeTo(served, 30 / 60, 1e-9)
      assert.closeTo(reward, (30 * 0.75) / 60, 1e-6)
      yield* play(91, 103)
      yield* Scope.close(scope, Exit.void)
      assert.closeTo((yield* credited).served, 42 / 60, 1e-9)
    })
  )

  it.effect("credits nothing for what happened in a made-up market", () =>
    Effect.gen(function* () {
      yield* empty
      const version = yield* add("even", "champion")
      const market = new Market()
      const prediction = yield* open(market, { credits: false })
      for (let at = 1; at < 91; at++) {
        market.bar(at * minute, 5)
        yield* TestClock.adjust("1 second")
      }
      yield* prediction.choose
      const entry = (yield* (yield* ModelRegistry).list).find((each) => each.version === version)
      assert.deepInclude(entry, { served: 0, reward: 0 })
    }).pipe(Effect.scoped)
  )

  it.effect("shifts probabilities of breaks that do not come, in the log, over a restart, and until another model serves", () =>
    Effect.gen(function* () {
      yield* empty
      const version = yield* add("bold", "champion")
      const other = yield* add("other", "challenger", encodeModel(modelFile("other", 0.5)))
      const registry = yield* ModelRegistry
      const market = new Market()
      const hour = horizonsMinutes.indexOf(60)
      const said = (bar: number) => market.bar(bar * minute, 5).model!.horizons[hour]!.probability!
      const facts = Effect.map(
        Effect.flatMap(EventStore, (events) => events.read({ after: beginning, limit: 1000, stream: recalibrationStream("live") })),
        (read) => read.flatMap(({ kind, payload }) => (kind === "ModelRecalibrated" ? [JSON.parse(payload) as Recalibration] : []))
      )
      const first = yield* Scope.make()
      const prediction = yield* open(market, { recalibrate: true }).pipe(Scope.provide(first))
      const hours = 20
      for (let bar = 1; bar <= hours * 60; bar++) {
        assert.closeTo(said(bar), 0.5, 1e-6)
        yield* TestClock.adjust("1 second")
        if (bar === 45) {
          yield* prediction.choose
          assert.deepStrictEqual(yield* facts, [], "what little was seen shifts nothing")
        }
      }
      yield* prediction.choose
      const [fact, ...more] = yield* facts
      assert.lengthOf(more, 0)
      assert.deepInclude(fact, { version, reason: "evidence" })
      const ofHour = fact!.horizons[hour]!
      assert.deepInclude(ofHour, { from: 0, seen: 0 })
      assert.closeTo(ofHour.expected, 0.5 * (hours - 1), 0.1)
      assert.isBelow(ofHour.to, -0.3)
      const shifted = 1 / (1 + Math.exp(-ofHour.to))
      assert.closeTo(said(hours * 60 + 1), shifted, 1e-6)
      assert.include((yield* health)?.detail, `version ${version}; log odds of onsets shifted by`)
      // The same evidence again: nothing to change.
      yield* prediction.choose
      assert.lengthOf(yield* facts, 1)
      yield* Scope.close(first, Exit.void)

      const elsewhere = new Market()
      const heard = () => elsewhere.bar(minute, 5).model!.horizons[hour]!.probability!
      yield* open(elsewhere, { recalibrate: true, engineName: "other" }).pipe(
        Effect.tap(() => Effect.sync(() => assert.closeTo(heard(), 0.5, 1e-6, "another engine watches another market"))),
        Effect.flatMap(({ choose }) => choose),
        Effect.scoped
      )
      assert.closeTo(heard(), 0.5, 1e-6, "and has evidence of its own")
      const again = yield* open(market, { recalibrate: true })
      assert.closeTo(said(hours * 60 + 2), shifted, 1e-6)
      yield* again.choose
      assert.lengthOf(yield* facts, 1, "what it rests on is kept too")
      yield* registry.promote(other, 1)
      yield* again.choose
      assert.strictEqual(again.serving()?.version, other)
      assert.closeTo(said(hours * 60 + 3), 1 / (1 + Math.exp(-0.5)), 1e-6)
      assert.deepInclude((yield* facts)[1], { version, reason: "reset" })
    })
  )

  it.effect("shifts nothing when recalibration is turned off", () =>
    Effect.gen(function* () {
      yield* empty
      yield* add("bold", "champion")
      const market = new Market()
      const prediction = yield* open(market, { recalibrate: false })
      for (let bar = 1; bar <= 1200; bar++) {
        market.bar(bar * minute, 5)
        yield* TestClock.adjust("1 second")
      }
      yield* prediction.choose
      assert.closeTo(market.bar(1201 * minute, 5).model!.horizons[0]!.probability!, 0.5, 1e-6)
    })
  )

  it.effect("broadcasts each coin's probabilities while a model serves", () =>
    Effect.gen(function* () {
      yield* empty
      yield* add("even", "champion")
      const market = new Market()
      const before = market.bar(minute, 0)
      const prediction = yield* Layer.build(
        Prediction.layer(defaults).pipe(
          Layer.provide(
            Detection.layerTest({
              models: market.models,
              values: Stream.suspend(() => Stream.make(before, market.bar(2 * minute, 0)))
            })
          )
        )
      ).pipe(Effect.flatMap((context) => Effect.provide(Prediction, context)))
      const heard = yield* Stream.runCollect(prediction.probabilities)
      assert.lengthOf(heard, 1)
      const [{ coin, horizons, time, version }] = heard as [(typeof heard)[number]]
      assert.deepStrictEqual([coin, time, version], ["USDC", 2 * minute, prediction.serving()!.version])
      assert.closeTo(horizons[0]!.probability!, 0.5, 1e-6)
    })
  )

  const drift = Effect.fnUntraced(function* (market: Market, from: number) {
    for (let bar = 0; bar < comparedEvery; bar++) {
      market.bar((from + bar) * minute, 0, 50)
      yield* TestClock.adjust("1 second")
    }
  })

  it.effect("has a drifting model trained anew, enters the result as a challenger, and trains once a day", () =>
    Effect.gen(function* () {
      yield* empty
      const champion = yield* add("old", "champion")
      const other = yield* add("other", "challenger", encodeModel(modelFile("other", 1)))
      const market = new Market()
      const requests: Array<string> = []
      const retrain: Retrain = ({ name }) =>
        Effect.sync(() => {
          requests.push(name)
          return encodeModel(modelFile(name, 3))
        })
      const prediction = yield* open(market, { retrain: Option.some(retrain) })
      const events: Array<PredictionEvent> = []
      const retrained = yield* Deferred.make<number>()
      yield* Effect.forkChild(
        Stream.runForEach(prediction.events, (event) => {
          events.push(event)
          return event._tag === "ModelRetrained" ? Deferred.succeed(retrained, event.model.version) : Effect.void
        }),
        { startImmediately: true }
      )
      yield* drift(market, 1)
      const version = yield* Deferred.await(retrained)
      const registry = yield* ModelRegistry
      assert.deepInclude((yield* registry.list)[0], { version, status: "challenger", name: requests[0]! })
      assert.strictEqual(prediction.serving()?.version, champion, "a challenger does not serve until it is promoted")
      // Another model starts to serve and drifts within the same day.
      yield* registry.promote(other, 2)
      yield* prediction.choose
      yield* drift(market, 1 + comparedEvery)
      yield* prediction.choose
      assert.deepStrictEqual(
        events.map(({ _tag }) => _tag),
        ["ModelDrifts", "ModelRetrained", "ModelServes", "ModelDrifts"]
      )
      assert.lengthOf(requests, 1)
    })
  )

  it.effect("trains once a day over restarts too, also where a training brings the engine down", () =>
    Effect.gen(function* () {
      yield* empty
      yield* add("old", "champion")
      let trainings = 0
      /** A run of the engine whose model drifts; it ends when a training begins, or when that was refused and the drift is found again. */
      const run = Effect.gen(function* () {
        const market = new Market()
        const before = trainings
        let found = 0
        const training = Effect.andThen(
          Effect.sync(() => void trainings++),
          Effect.never
        )
        const prediction = yield* open(market, { retrain: Option.some(() => training) })
        yield* Effect.forkScoped(
          Stream.runForEach(prediction.events, ({ _tag }) => Effect.sync(() => void (_tag === "ModelDrifts" && found++))),
          { startImmediately: true }
        )
        for (let day = 0; day < 5 && found < 2 && trainings === before; day++) yield* drift(market, 1 + day * comparedEvery)
        assert.isAbove(found, 0)
      }).pipe(Effect.scoped)
      yield* run
      assert.strictEqual(trainings, 1)
      yield* run
      assert.strictEqual(trainings, 1)
      yield* TestClock.adjust("1 day")
      yield* run
      assert.strictEqual(trainings, 2)
    })
  )

  it.effect("goes on when a retraining fails or gives bytes that are no model, and cancels one that runs at shutdown", () =>
    Effect.gen(function* () {
      yield* empty
      yield* add("old", "champion")
      const others = [
        yield* add("b", "challenger", encodeModel(modelFile("b", 1))),
        yield* add("c", "challenger", encodeModel(modelFile("c", 2)))
      ]
      const registry = yield* ModelRegistry
      const market = new Market()
      const began = yield* Deferred.make<void>()
      const cancelled = yield* Deferred.make<void>()
      const answers: Array<Effect.Effect<Uint8Array, Error>> = [
        Effect.fail(new Error("no price files")),
        Effect.succeed(new Uint8Array(100)),
        Effect.andThen(Deferred.succeed(began, undefined), Effect.never).pipe(
          Effect.onInterrupt(() => Deferred.succeed(cancelled, undefined))
        )
      ]
      const scope = yield* Scope.make()
      const prediction = yield* open(market, { retrainingsPerDayMax: 3, retrain: Option.some(() => answers.shift()!) }).pipe(
        Scope.provide(scope)
      )
      const before = (yield* registry.list).length
      for (const [index, next] of [...others, undefined].entries()) {
        yield* drift(market, 1 + index * comparedEvery)
        if (next === undefined) break
        yield* registry.promote(next, index)
        yield* prediction.choose
      }
      yield* Deferred.await(began)
      assert.lengthOf(yield* registry.list, before)
      assert.isFalse(Deferred.isDoneUnsafe(cancelled))
      yield* Scope.close(scope, Exit.void)
      yield* Deferred.await(cancelled)
    })
  )
})

it.effect("Prediction.layerTest serves no model", () =>
  Effect.gen(function* () {
    const prediction = yield* Prediction
    assert.isUndefined(prediction.serving())
    yield* prediction.choose
  }).pipe(Effect.provide(Prediction.layerTest()))
)
