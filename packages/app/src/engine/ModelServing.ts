/**
 * Puts a model to work in the hot path and watches over it.
 *
 * The registry's champion serves, or the shipped model where there is none; a challenger takes turns as Thompson sampling draws them. When no
 * model can serve, the detectors alone do, and health says so. Drift is told, and asks for a new challenger where there is data to train on.
 */
import { coinFeatureNames, featureRow } from "@evenkeel/detection/feature/coin/CoinFeatures"
import { coinState, stateFields } from "@evenkeel/detection/hotpath/SignalRecord"
import { ModelPublisher } from "@evenkeel/detection/model/ModelMemory"
import type { HotPathMemory } from "@evenkeel/detection/thread/HotPathMemory"
import type { Coin } from "@evenkeel/domain/coin/Coin"
import { Random } from "@evenkeel/learning/data/Random"
import { chooseArm } from "@evenkeel/learning/drift/ThompsonSampling"
import { encodeModel, explainModelProblem, type ModelFile } from "@evenkeel/learning/model/ModelFile"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { StateTable } from "@evenkeel/runtime/ring/StateTable"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { type ModelEntry, ModelRegistry } from "@evenkeel/store/model/ModelRegistry"
import { Cause, Clock, DateTime, Effect, Option, Queue } from "effect"
import type { EngineConfig } from "../config/EngineConfig.ts"
import { readPriceFiles } from "@evenkeel/replay/price/Markets"
import { openModel, readModel, sha256Of } from "@evenkeel/detection/model/ModelFiles"
import { trainOn } from "@evenkeel/lab/training/TrainOnFiles"
import { layerTraining } from "@evenkeel/lab/training/Train"
import { type DriftFinding, DriftWatch } from "./DriftWatch.ts"
import { Outcomes } from "./Outcomes.ts"

const component = "model"
const publishAgain = "20 millis"
const watchEvery = "1 second"
/** Position of the horizon of one hour in the state table. */
const hourHorizon = 2
const retrainingsMax = 1

/** The registry's champion; the shipped model becomes it where there is none. */
const championOf = Effect.fn("championOf")(function* (now: number) {
  const registry = yield* ModelRegistry
  const known = yield* registry.champion
  const shipped = yield* openModel(Option.none())
  if (Option.isNone(shipped)) return known
  const { bytes, name } = shipped.value
  const sha256 = sha256Of(bytes)
  if ((yield* registry.list).some((entry) => entry.sha256 === sha256)) return known
  // A newer shipped model challenges what serves here: a person promotes it.
  yield* registry.add({ name, sha256, bytes, status: Option.isSome(known) ? "challenger" : "champion", at: now })
  return yield* registry.champion
})

export const serveModels = Effect.fn("serveModels")(function* (
  config: EngineConfig["models"],
  memory: HotPathMemory,
  coins: ReadonlyArray<Coin>
) {
  const health = yield* HealthRegistry
  if (!config.enabled) {
    yield* Effect.logInfo("no model serves: the detectors alone decide", { reason: "models are turned off" })
    return
  }
  const registry = yield* ModelRegistry
  const supervisor = yield* Supervisor
  const publisher = new ModelPublisher(memory.models)
  const findings = yield* Queue.sliding<DriftFinding>(8)
  const random = new Random(yield* Clock.currentTimeMillis)
  let watch: DriftWatch | undefined

  const publish = Effect.fn("ModelServing.publish")(function* (entry: ModelEntry) {
    const file = yield* readModel(`model ${entry.name}`, yield* registry.bytesOf(entry.version))
    while (!publisher.free) yield* Effect.sleep(publishAgain)
    const problem = publisher.publish(file.model, entry.version)
    if (problem !== undefined) {
      yield* Effect.logError("a model cannot serve", { model: entry.name, problem: explainModelProblem(problem) })
      return
    }
    watch = watchOf(file)
    yield* health.report(component, "running", `${entry.name}, version ${entry.version}`)
    yield* Effect.logInfo("a model serves", {
      model: entry.name,
      version: entry.version,
      status: entry.status,
      features: file.model.features.length,
      heads: file.model.heads.length
    })
  })
  const withoutModel = (problem: string) =>
    health
      .report(component, "degraded", `no model serves, the detectors alone decide: ${problem}`)
      .pipe(Effect.andThen(Effect.logWarning("no model serves: the detectors alone decide", { problem })))
  /** Who serves for the next while. */
  const choose = Effect.gen(function* () {
    const champion = yield* championOf(yield* Clock.currentTimeMillis)
    if (Option.isNone(champion)) return yield* withoutModel("there is none: `evenkeel train` makes one")
    const challengers = (yield* registry.list).filter(({ status }) => status === "challenger")
    const arms = [champion.value, ...challengers]
    const chosen = config.challengers ? arms[chooseArm(arms, random)]! : champion.value
    if (publisher.version !== chosen.version) yield* publish(chosen)
  }).pipe(
    // What served before goes on.
    Effect.catchCause((cause) =>
      publisher.version > 0 ? Effect.logError("a model cannot serve", Cause.squash(cause)) : withoutModel(String(Cause.squash(cause)))
    )
  )

  const table = new StateTable(memory.state, stateFields)
  const features = new StateTable(memory.features, featureRow)
  const outcomes = new Outcomes()
  const state = new Float64Array(stateFields)
  const row = new Float64Array(featureRow)
  const bars = new Float64Array(coins.length)
  const earned = new Map<number, { served: number; reward: number }>()
  const look = Effect.sync(() => {
    for (let coin = 0; coin < coins.length; coin++) {
      if (!features.read(coin, row) || row[0] === bars[coin] || !table.read(coin, state)) continue
      bars[coin] = row[0]!
      const found = [watch?.features(row.subarray(1))]
      const said = state[coinState.probabilities + hourHorizon]!
      for (const { broke, probability, version } of outcomes.update(
        coin,
        row[0]!,
        state[coinState.deviationBps]!,
        state[coinState.modelVersion]!,
        said
      )) {
        const squared = (probability - (broke ? 1 : 0)) ** 2
        const sum = earned.get(version) ?? { served: 0, reward: 0 }
        earned.set(version, { served: sum.served + 1 / 60, reward: sum.reward + (1 - squared) / 60 })
        found.push(watch?.error(squared))
      }
      for (const finding of found) if (finding !== undefined) Queue.offerUnsafe(findings, finding)
    }
  })
  const keep = Effect.suspend(() =>
    Effect.forEach([...earned], ([version, { reward, served }]) =>
      Effect.andThen(
        registry.reward(version, served, reward),
        Effect.sync(() => earned.delete(version))
      )
    )
  )
  let retrainings = 0
  const retrain = Effect.fn("ModelServing.retrain")(function* () {
    if (config.trainingData === "" || retrainings >= retrainingsMax) return
    retrainings++
    const files = yield* readPriceFiles(config.trainingData)
    const { file } = yield* trainOn(files, {
      name: `retrained-${DateTime.formatIsoDateUtc(yield* DateTime.now)}`,
      seed: random.below(1 << 30),
      checkpoints: Option.none(),
      progress: () => Effect.void
    })
    const bytes = encodeModel(file)
    const version = yield* registry.add({
      name: file.name,
      sha256: sha256Of(bytes),
      bytes,
      status: "challenger",
      at: yield* Clock.currentTimeMillis
    })
    yield* Effect.logInfo("a retrained model challenges the champion", { model: file.name, version })
  })

  yield* choose
  yield* supervisor.supervise("model-watch", look.pipe(Effect.andThen(Effect.sleep(watchEvery)), Effect.forever))
  yield* supervisor.supervise(
    "model-turns",
    Effect.sleep(`${config.turnMinutes} minutes`).pipe(Effect.andThen(Effect.ignore(keep)), Effect.andThen(choose), Effect.forever)
  )
  yield* supervisor.supervise(
    "model-drift",
    Queue.take(findings).pipe(
      Effect.tap(({ detail, kind }) =>
        Effect.logWarning("the model drifts", {
          kind,
          detail,
          retraining: config.trainingData === "" ? "set EVENKEEL_MODELS_TRAINING_DATA" : "begins"
        })
      ),
      Effect.andThen(
        retrain().pipe(
          Effect.provide(layerTraining),
          Effect.catchCause((cause) => Effect.logError("retraining failed", Cause.squash(cause)))
        )
      ),
      Effect.forever
    )
  )
})

const watchOf = ({ model, provenance }: ModelFile): DriftWatch =>
  new DriftWatch(
    model.features,
    model.features.map((name) => coinFeatureNames.indexOf(name)),
    provenance.profiles
  )
