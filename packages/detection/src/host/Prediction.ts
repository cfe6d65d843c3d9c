/**
 * The prediction engine: decides which model serves in the hot path, watches how well it does, and has a new one trained when it drifts.
 *
 * Probabilities are computed in the hot path, at each bar's close; nothing is predicted here. While no model can serve, the detectors alone
 * decide, and health says so. A model that cannot be loaded leaves the one before it in service.
 */
import { Random } from "@evenkeel/learning/data/Random"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { makeActor } from "@evenkeel/runtime/supervision/Actor"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import type { ModelFile } from "@evenkeel/learning/model/ModelFile"
import { type ModelEntry, ModelRegistry, type ModelStatus, type Recalibration } from "@evenkeel/store/model/ModelRegistry"
import { Snapshots } from "@evenkeel/store/snapshot/Snapshots"
import { Cause, Clock, Context, Effect, Layer, Option, PubSub, Stream } from "effect"
import type { DriftFinding } from "../drift/DriftWatch.ts"
import { modelUnusable, readModel } from "../model/ModelFiles.ts"
import { ModelPublisher } from "../model/ModelMemory.ts"
import { Detection } from "./Detection.ts"
import { chooseModel, enterShippedModel } from "./PredictionChoice.ts"
import {
  dueRecalibration,
  keepEvidence,
  noShifts,
  resetOf,
  shiftModel,
  takeUpRecalibration,
  textOfShifts
} from "./PredictionRecalibration.ts"
import { makeRetraining, type Retrain, type RetrainedModel } from "./PredictionRetraining.ts"
import { PredictionWatch } from "./PredictionWatch.ts"
import type { CoinState } from "./States.ts"

export interface ServingModel {
  readonly version: number
  readonly name: string
  readonly status: ModelStatus
}

/** The probabilities of one coin, see `CoinState`. */
export interface CoinPrediction extends NonNullable<CoinState["model"]> {
  readonly coin: string
  /** Unix ms. */
  readonly time: number | null
}

export type PredictionEvent =
  | { readonly _tag: "ModelServes"; readonly model: ServingModel }
  | { readonly _tag: "ModelDrifts"; readonly finding: DriftFinding }
  | { readonly _tag: "ModelRetrained"; readonly model: RetrainedModel }
  | { readonly _tag: "ModelRecalibrated"; readonly recalibration: Recalibration }

export class Prediction extends Context.Service<
  Prediction,
  {
    /** The model that serves; undefined while the detectors alone decide. */
    readonly serving: () => ServingModel | undefined
    /** A coin's probabilities each time it is scored while a model serves. Broadcast; a listener that falls behind loses the oldest. */
    readonly probabilities: Stream.Stream<CoinPrediction>
    /** Changes of who serves and how it is calibrated, drift and retrained models, from now on. Broadcast; a listener that falls behind loses the oldest. */
    readonly events: Stream.Stream<PredictionEvent>
    /** Chooses who serves now, and not when the turn ends: after a promotion. Completes when that is done. */
    readonly choose: Effect.Effect<void>
  }
>()("@evenkeel/detection/host/Prediction") {
  static readonly layer = (options: PredictionOptions) => Layer.effect(Prediction, makePrediction(options))

  /** A double: no model serves and nothing happens, but for what `over` says. */
  static readonly layerTest = (over: Partial<Prediction["Service"]> = {}) =>
    Layer.succeed(
      Prediction,
      Prediction.of({ serving: () => undefined, probabilities: Stream.never, events: Stream.never, choose: Effect.void, ...over })
    )
}

export interface PredictionOptions {
  /** What the engine does, over all its runs: what is learned while a model serves is kept under this. */
  readonly engineName: string
  /** False: no model serves and the detectors alone decide. */
  readonly enabled: boolean
  /** Challengers serve in turn with the champion, as Thompson sampling draws them. */
  readonly challengers: boolean
  /** How long a model serves before it is chosen anew, minutes. */
  readonly turnMinutes: number
  /** The log odds of the model that serves are shifted where it expects more or fewer onsets than come; looked at when a turn ends. */
  readonly recalibrate: boolean
  /** What a model earns goes into its record; true unless said otherwise. */
  readonly credits?: boolean
  /** Trains a new model when the one that serves drifts; none where there is no data to train on. */
  readonly retrain: Option.Option<Retrain>
  /** Trainings that may start within a day; 1 unless said otherwise. */
  readonly retrainingsPerDayMax?: number
}

/** A coin's probabilities each time it is scored while a model serves. */
export const probabilitiesOf = ({ values }: Pick<Detection["Service"], "values">): Prediction["Service"]["probabilities"] =>
  Stream.flatMap(values, ({ coin, model, time }) => (model === null ? Stream.empty : Stream.make({ coin, time, ...model })))

const component = "prediction"
const observeEvery = "1 second"
const retrainingsPerDayMax = 1
/** Events that a listener may be behind. */
const listenerMax = 64

const Observe = { _tag: "Observe" } as const
const Choose = { _tag: "Choose" } as const

const makePrediction = Effect.fnUntraced(function* (options: PredictionOptions) {
  const detection = yield* Detection
  const health = yield* HealthRegistry
  const registry = yield* ModelRegistry
  const supervisor = yield* Supervisor
  const snapshots = yield* Snapshots
  const publisher = new ModelPublisher(detection.models)
  const watch = new PredictionWatch(detection)
  const events = yield* PubSub.sliding<PredictionEvent>(listenerMax)
  const random = new Random(yield* Clock.currentTimeMillis)
  let serving: ServingModel | undefined
  /** Its file, and the shifts with which it serves. */
  let served: ModelFile | undefined
  let shifts = noShifts

  const service = (choose: Effect.Effect<void>) =>
    Prediction.of({
      serving: () => serving,
      probabilities: probabilitiesOf(detection),
      events: Stream.fromPubSub(events),
      choose
    })
  if (!options.enabled) {
    yield* Effect.logInfo("no model serves: the detectors alone decide", { reason: "models are turned off" })
    return service(Effect.void)
  }

  const retraining = Option.isNone(options.retrain)
    ? undefined
    : yield* makeRetraining({
        engineName: options.engineName,
        retrain: options.retrain.value,
        perDayMax: options.retrainingsPerDayMax ?? retrainingsPerDayMax,
        random,
        onRetrained: (model) => PubSub.publish(events, { _tag: "ModelRetrained", model }),
        onFailed: Effect.sync(() => watch.again())
      })

  const reportServing = Effect.suspend(() => {
    const shifted = textOfShifts(shifts)
    const detail = `${serving?.name}, version ${serving?.version}`
    return health.report(component, "running", shifted === "" ? detail : `${detail}; log odds of onsets shifted by ${shifted}`)
  })

  const publish = Effect.fn("Prediction.publish")(function* ({ name, status, version }: ModelEntry) {
    const file = yield* readModel(`model ${name}`, yield* registry.bytesOf(version))
    // A model that takes over from another while the engine runs begins without shifts.
    const learned = options.recalibrate && serving === undefined ? yield* takeUpRecalibration(options.engineName, version) : undefined
    const next = learned?.shifts ?? noShifts
    const problem = publisher.publish(shiftModel(file.model, next), version)
    if (problem !== undefined) return yield* modelUnusable(`model ${name}`, problem)
    const reset =
      serving !== undefined && shifts.some((shift) => shift !== 0) ? resetOf(options.engineName, serving.version, shifts) : undefined
    watch.follow(file, version, learned?.evidence)
    watch.shift(next)
    serving = { version, name, status }
    served = file
    shifts = next
    yield* reportServing
    yield* Effect.logInfo("a model serves", {
      model: name,
      version,
      status,
      features: file.model.features.length,
      heads: file.model.heads.length,
      shifted: textOfShifts(shifts)
    })
    if (reset !== undefined)
      yield* registry
        .recalibrate(reset)
        .pipe(Effect.catch((error) => Effect.logWarning("that a model's shifts fell away is not in the log", { problem: error.message })))
    yield* PubSub.publish(events, { _tag: "ModelServes", model: serving })
  })

  const withoutModel = (problem: string) =>
    Effect.andThen(
      health.report(component, "degraded", `no model serves, the detectors alone decide: ${problem}`),
      Effect.logWarning("no model serves: the detectors alone decide", { problem })
    )

  /** While the hot path has not taken up the model before, the place of the next one is in use: the next turn tries again. */
  const choose = Effect.gen(function* () {
    yield* enterShippedModel().pipe(
      Effect.catch((error) => Effect.logWarning("the shipped model is not entered into the registry", { problem: error.message }))
    )
    const chosen = chooseModel(yield* registry.list, options, random)
    if (chosen === undefined) return yield* withoutModel("the registry has no champion; `evenkeel train` makes a model")
    if (chosen.version !== serving?.version && publisher.free) yield* publish(chosen)
  }).pipe(
    Effect.catchCause((cause) =>
      serving === undefined ? withoutModel(String(Cause.squash(cause))) : Effect.logError("a model cannot serve", Cause.squash(cause))
    )
  )

  /** A shift serves once it is in the log. */
  const recalibrate = Effect.gen(function* () {
    if (!options.recalibrate || serving === undefined || served === undefined) return
    const { version } = serving
    yield* keepEvidence(options.engineName, watch, version)
    const due = dueRecalibration(options.engineName, watch, version, shifts)
    if (Option.isNone(due) || !publisher.free) return
    yield* registry.recalibrate(due.value)
    const next = due.value.horizons.map(({ to }) => to)
    const problem = publisher.publish(shiftModel(served.model, next), version)
    if (problem !== undefined) return yield* modelUnusable(`model ${serving.name}`, problem)
    shifts = next
    watch.shift(next)
    yield* reportServing
    yield* Effect.logInfo("the model is recalibrated", { ...due.value })
    yield* PubSub.publish(events, { _tag: "ModelRecalibrated", recalibration: due.value })
  }).pipe(
    Effect.catch((error) => Effect.logWarning("the model serves as it was calibrated before", { problem: error.message })),
    Effect.provideService(Snapshots, snapshots)
  )

  const credit = Effect.suspend(() =>
    Effect.forEach(
      options.credits === false ? [] : watch.earned(),
      ([version, { reward, served }]) =>
        Effect.andThen(
          registry.reward(version, served, reward),
          Effect.sync(() => watch.credited(version))
        ),
      { discard: true }
    )
  ).pipe(Effect.catch((error) => Effect.logWarning("what models earned is kept until the next turn", { problem: error.message })))

  const observe = Effect.suspend(() =>
    Effect.forEach(
      watch.observe(),
      (finding) =>
        Effect.gen(function* () {
          yield* Effect.logWarning("the model drifts", {
            ...finding,
            retraining: retraining === undefined ? "no data to train on" : "asked for"
          })
          yield* PubSub.publish(events, { _tag: "ModelDrifts", finding })
          // A request that the full mailbox refuses would train for the same drift again.
          if (retraining !== undefined) yield* Effect.ignore(retraining.tell(finding))
        }),
      { discard: true }
    )
  )

  // Registered before the actor: runs once it has stopped.
  yield* Effect.addFinalizer(() =>
    Effect.andThen(
      credit,
      options.recalibrate && serving !== undefined
        ? Effect.provideService(keepEvidence(options.engineName, watch, serving.version), Snapshots, snapshots)
        : Effect.void
    )
  )
  // One fiber publishes, observes and credits, so that none of them sees another's half-done work.
  const actor = yield* makeActor({
    name: component,
    mailboxCapacity: 8,
    overflow: { _tag: "Conflate", key: ({ _tag }: typeof Observe | typeof Choose) => _tag },
    initial: Effect.void,
    receive: (_: void, { _tag }) =>
      Effect.as(_tag === "Observe" ? observe : Effect.andThen(Effect.andThen(credit, choose), recalibrate), [undefined, undefined] as const)
  })
  const every = (name: string, gap: Parameters<typeof Effect.sleep>[0], message: typeof Observe | typeof Choose) =>
    supervisor.supervise(name, Effect.sleep(gap).pipe(Effect.andThen(actor.tell(message)), Effect.ignore, Effect.forever))
  // An actor stops with the layer alone; then nobody asks.
  const chooseNow = Effect.ignore(actor.ask(Choose))
  yield* chooseNow
  yield* every("prediction-observing", observeEvery, Observe)
  yield* every("prediction-turns", `${options.turnMinutes} minutes`, Choose)
  return service(chooseNow)
})
