/**
 * The prediction engine where an ONNX file serves instead of the registry's models.
 *
 * The file is opened once, at the start; one that cannot serve leaves the detectors alone, as does one that gives no answer, for the bars that go
 * without. The process that runs it is started again when it dies or hangs, and no more once it has done so several times in a row while it loads the
 * file. Nothing is credited and no drift is watched: the file says neither
 * what it was trained on nor what a turn of it earned before.
 */
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { Deferred, Effect, Layer, PubSub, Stream } from "effect"
import { ModelPublisher } from "../model/ModelMemory.ts"
import { QuestionAnswerer } from "../model/ModelQuestions.ts"
import { type OnnxSource, OnnxUnusable, readOnnxFile } from "../onnx/OnnxFiles.ts"
import type { OnnxLimits } from "../onnx/OnnxMessages.ts"
import { liveLimits, startOnnxThread } from "../onnx/OnnxThread.ts"
import { Detection } from "./Detection.ts"
import { Prediction, type PredictionEvent, probabilitiesOf, type ServingModel } from "./Prediction.ts"

const component = "prediction"
const observeEvery = "1 second"
/** Between the end of a process and the start of the next, ms; twice as long each time that it has answered nothing. */
const pauseMillisMin = 1000
const pauseMillisMax = 60_000
/** A file is not tried again that was not loaded so many times in a row. */
const loadsMax = 3
/** The engine's start waits so long for the file to serve; should it not, it serves later. */
const startWithin = "10 seconds"
/** Events that a listener may be behind. */
const listenerMax = 64

export const layerOnnxPrediction = (source: OnnxSource, limits: OnnxLimits = liveLimits) =>
  Layer.effect(Prediction, makeOnnxPrediction(source, limits))

const makeOnnxPrediction = Effect.fnUntraced(function* (source: OnnxSource, limits: OnnxLimits) {
  const detection = yield* Detection
  const health = yield* HealthRegistry
  const supervisor = yield* Supervisor
  const publisher = new ModelPublisher(detection.models)
  const events = yield* PubSub.sliding<PredictionEvent>(listenerMax)
  let serving: ServingModel | undefined
  const service = Prediction.of({
    serving: () => serving,
    probabilities: probabilitiesOf(detection),
    events: Stream.fromPubSub(events),
    choose: Effect.void
  })
  const withoutModel = (problem: string) =>
    Effect.andThen(
      health.report(component, "degraded", `no model serves, the detectors alone decide: ${problem}`),
      Effect.logWarning("no model serves: the detectors alone decide", { problem })
    )

  const opened = yield* Effect.result(readOnnxFile(source))
  if (opened._tag === "Failure") {
    yield* withoutModel(opened.failure.message)
    return service
  }
  const file = opened.success
  yield* health.report(component, "starting", file.name)
  const model = { version: file.version, name: file.name, status: "champion" } satisfies ServingModel
  const address = publisher.publishQuestions({ inputs: file.inputs, heads: file.heads, waitMillis: limits.waitMillis }, file.version)
  const questions = new QuestionAnswerer(detection.models, address)
  /** Done once the file has served, or was refused. */
  const tried = yield* Deferred.make<void>()

  let pauseMillis = pauseMillisMin / 2
  let answeredBefore = 0
  let loadsFailed = 0

  const serve = Effect.scoped(
    Effect.gen(function* () {
      loadsFailed++
      const { ended } = yield* startOnnxThread(file, detection.models, address, limits)
      loadsFailed = 0
      serving = model
      yield* health.report(component, "running", `${file.name}, version ${file.version}`)
      yield* Effect.logInfo("a model serves", {
        model: file.name,
        version: file.version,
        file: file.file,
        features: file.inputs.length,
        heads: file.heads.length
      })
      yield* PubSub.publish(events, { _tag: "ModelServes", model })
      yield* Deferred.succeed(tried, undefined)
      return yield* ended
    })
  ).pipe(
    Effect.catchTag("OnnxStopped", (stopped) =>
      Effect.gen(function* () {
        serving = undefined
        yield* Deferred.succeed(tried, undefined)
        if (loadsFailed >= loadsMax)
          return yield* new OnnxUnusable({
            file: file.file,
            reason: "NotLoaded",
            advice: `was not loaded ${loadsMax} times in a row and is not tried again before a restart: its process ${stopped.problem}`
          })
        yield* health.restarted(component)
        yield* withoutModel(stopped.message)
        const { answered } = questions.counts()
        pauseMillis = answered > answeredBefore ? pauseMillisMin : Math.min(2 * pauseMillis, pauseMillisMax)
        answeredBefore = answered
        yield* Effect.sleep(pauseMillis)
      })
    ),
    Effect.forever,
    Effect.catchTag("OnnxUnusable", (unusable) => Effect.andThen(withoutModel(unusable.message), Deferred.succeed(tried, undefined)))
  )

  let unanswered = 0
  yield* health.gauge(component, "bars_without_answer", () => unansweredOf(questions))
  const observe = Effect.suspend(() => {
    const before = unanswered
    unanswered = unansweredOf(questions)
    if (serving === undefined) return Effect.void
    const { late, notAsked, refused } = questions.counts()
    return unanswered === before
      ? health.report(component, "running", `${file.name}, version ${file.version}`)
      : health.report(
          component,
          "degraded",
          `${file.name} gave no probabilities for ${unanswered - before} bars (so far ${late} too late, ${notAsked} not asked, ${refused} refused)`
        )
  })
  yield* supervisor.supervise("onnx", Effect.asVoid(serve))
  yield* supervisor.supervise("onnx-observing", Effect.sleep(observeEvery).pipe(Effect.andThen(observe), Effect.forever))
  yield* Effect.timeoutOption(Deferred.await(tried), startWithin)
  return service
})

const unansweredOf = (questions: QuestionAnswerer): number => {
  const { late, notAsked, refused } = questions.counts()
  return late + notAsked + refused
}
