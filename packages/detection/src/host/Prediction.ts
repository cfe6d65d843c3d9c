/**
 * Puts a model to work in the hot path and watches over it.
 *
 * The registry's champion serves, or the shipped model where there is none; where challengers are allowed they take turns as Thompson sampling
 * draws them. When no model can serve, the detectors alone do, and health says so. When a model drifts, people are told, and a new
 * challenger is trained where there is something to train it: elsewhere, because the thread of the sockets has no time for it.
 */
import { Random } from "@evenkeel/learning/data/Random"
import { chooseArm } from "@evenkeel/learning/drift/ThompsonSampling"
import { explainModelProblem, type ModelFile } from "@evenkeel/learning/model/ModelFile"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { makeActor } from "@evenkeel/runtime/supervision/Actor"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { type ModelEntry, ModelRegistry } from "@evenkeel/store/model/ModelRegistry"
import { Cause, Clock, Context, Effect, Layer, Option } from "effect"
import { coinFeatureNames, featureRow } from "../feature/coin/CoinFeatures.ts"
import { DriftWatch, type DriftFinding } from "../model/DriftWatch.ts"
import { openModel, readModel, sha256Of } from "../model/ModelFiles.ts"
import { ModelPublisher } from "../model/ModelMemory.ts"
import { Outcomes } from "../model/Outcomes.ts"
import { Detection } from "./Detection.ts"

export interface Serving {
  readonly version: number
  readonly name: string
}

export interface PredictionOptions {
  /** Off: the detectors alone decide, and there are no probabilities. */
  readonly enabled: boolean
  /** Challengers serve in turn, as they earn it. */
  readonly challengers: boolean
  /** How long a model serves before it is chosen anew. */
  readonly turnMinutes: number
  /** Trains a new model when the one that serves has drifted: its bytes. Left out: people are told and nothing is trained. */
  readonly retrain?: Effect.Effect<Uint8Array, { readonly message: string }>
}

export class Prediction extends Context.Service<
  Prediction,
  {
    /** The model that serves; none while the detectors alone decide. */
    readonly serving: () => Option.Option<Serving>
  }
>()("@evenkeel/detection/host/Prediction") {
  static readonly layer = (options: PredictionOptions) => Layer.effect(Prediction, makePrediction(options))

  /** A double: `serving` serves, and nothing is watched. */
  static readonly layerTest = (serving: Option.Option<Serving> = Option.none()) =>
    Layer.succeed(Prediction, Prediction.of({ serving: () => serving }))
}

const component = "model"
/** While the hot path has not taken up the model before, its place is looked at this often. */
const publishAgain = "20 millis"
const watchEvery = "1 second"
const watchHangsAfter = "10 seconds"
const hourMinutes = 60
/** Drift of one serving model is told once; more findings than this wait for nobody. */
const findingsMax = 8
/** Trainings in the life of an engine: a model that drifts again and again needs a person. */
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

const watchOf = ({ model, provenance }: ModelFile): DriftWatch =>
  new DriftWatch(
    model.features,
    model.features.map((name) => coinFeatureNames.indexOf(name)),
    provenance.profiles
  )

const makePrediction = Effect.fnUntraced(function* (options: PredictionOptions) {
  const health = yield* HealthRegistry
  if (!options.enabled) {
    yield* Effect.logInfo("models are turned off: the detectors alone decide")
    return Prediction.of({ serving: Option.none })
  }
  const registry = yield* ModelRegistry
  const supervisor = yield* Supervisor
  const detection = yield* Detection
  const publisher = new ModelPublisher(detection.models)
  const random = new Random(yield* Clock.currentTimeMillis)
  let watch: DriftWatch | undefined
  let serving: Option.Option<Serving> = Option.none()

  const publish = Effect.fn("Prediction.publish")(function* (entry: ModelEntry) {
    const file = yield* readModel(`model ${entry.name}`, yield* registry.bytesOf(entry.version))
    while (!publisher.free) yield* Effect.sleep(publishAgain)
    const problem = publisher.publish(file.model, entry.version)
    if (problem !== undefined) {
      yield* Effect.logError("a model cannot serve", { model: entry.name, problem: explainModelProblem(problem) })
      return
    }
    watch = watchOf(file)
    serving = Option.some({ version: entry.version, name: entry.name })
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
  /** Decides who serves for the next while. */
  const choose = Effect.gen(function* () {
    const champion = yield* championOf(yield* Clock.currentTimeMillis)
    if (Option.isNone(champion)) return yield* withoutModel("there is none: `evenkeel train` makes one")
    const challengers = (yield* registry.list).filter(({ status }) => status === "challenger")
    const arms = [champion.value, ...challengers]
    const chosen = options.challengers ? arms[chooseArm(arms, random)]! : champion.value
    if (publisher.version !== chosen.version) yield* publish(chosen)
  }).pipe(
    // What served before goes on.
    Effect.catchCause((cause) =>
      publisher.version > 0 ? Effect.logError("a model cannot serve", Cause.squash(cause)) : withoutModel(String(Cause.squash(cause)))
    )
  )

  let retrainings = 0
  const retrain = Effect.fn("Prediction.retrain")(function* () {
    if (options.retrain === undefined || retrainings >= retrainingsMax) return
    retrainings++
    const bytes = yield* options.retrain
    const { name } = yield* readModel("the retrained model", bytes)
    const at = yield* Clock.currentTimeMillis
    const version = yield* registry.add({ name, sha256: sha256Of(bytes), bytes, status: "challenger", at })
    yield* Effect.logInfo("a retrained model challenges the champion", { model: name, version })
  })
  const drift = yield* makeActor({
    name: "model-drift",
    mailboxCapacity: findingsMax,
    overflow: { _tag: "Slide" },
    initial: Effect.void,
    receive: (_: void, { detail, kind }: DriftFinding) =>
      Effect.logWarning("the model drifts", {
        kind,
        detail,
        retraining: options.retrain === undefined ? "set EVENKEEL_MODELS_TRAINING_DATA" : "begins"
      }).pipe(
        Effect.andThen(retrain()),
        Effect.catchCause((cause) => Effect.logError("retraining failed", Cause.squash(cause))),
        Effect.as([undefined, undefined] as const)
      ),
    // A training that is cut short begins again with the next drift.
    drainWithin: 0
  })

  const outcomes = new Outcomes()
  const row = new Float64Array(featureRow)
  const bars = new Float64Array(detection.coins.length)
  /** By version: hours served, and what they earned. */
  const earned = new Map<number, { served: number; reward: number }>()
  /** Looks at coins whose bar has closed since; what drifted. */
  const look = (): ReadonlyArray<DriftFinding> => {
    const found: Array<DriftFinding | undefined> = []
    for (let coin = 0; coin < detection.coins.length; coin++) {
      if (!detection.features(coin, row) || row[0] === bars[coin]) continue
      bars[coin] = row[0]!
      found.push(watch?.features(row.subarray(1)))
      const state = detection.coin(coin)
      const said = state?.model?.horizons.find(({ minutes }) => minutes === hourMinutes)?.probability ?? Number.NaN
      const known = outcomes.update(coin, row[0]!, state?.deviationBps ?? Number.NaN, state?.model?.version ?? 0, said)
      for (const { broke, probability, version } of known) {
        const squared = (probability - (broke ? 1 : 0)) ** 2
        const sum = earned.get(version) ?? { served: 0, reward: 0 }
        earned.set(version, { served: sum.served + 1 / hourMinutes, reward: sum.reward + (1 - squared) / hourMinutes })
        found.push(watch?.error(squared))
      }
    }
    return found.filter((finding) => finding !== undefined)
  }
  const keepEarned = Effect.suspend(() =>
    Effect.forEach([...earned], ([version, { reward, served }]) =>
      Effect.andThen(
        registry.reward(version, served, reward),
        Effect.sync(() => earned.delete(version))
      )
    )
  )

  yield* choose
  yield* supervisor.superviseBeating(
    "model-watch",
    (beat) =>
      Effect.sync(look).pipe(
        Effect.flatMap((findings) => Effect.forEach(findings, (finding) => Effect.ignore(drift.tell(finding)))),
        Effect.andThen(beat),
        Effect.andThen(Effect.sleep(watchEvery)),
        Effect.forever
      ),
    watchHangsAfter
  )
  yield* supervisor.supervise(
    "model-turns",
    Effect.sleep(`${options.turnMinutes} minutes`).pipe(Effect.andThen(Effect.ignore(keepEarned)), Effect.andThen(choose), Effect.forever)
  )
  return Prediction.of({ serving: () => serving })
})
