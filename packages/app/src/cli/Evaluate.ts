/** `evenkeel evaluate`: the engine judged on recorded prices. */
import * as Effect from "effect/Effect"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { checkpoints, data, json, model } from "./Parameters.ts"
import { load, logs } from "./Root.ts"

export const evaluate = Command.make(
  "evaluate",
  {
    data,
    json,
    report: Flag.String("report").pipe(Flag.withDescription("The page that it writes"), Flag.withDefault("evaluation.html")),
    model,
    checkpoints
  },
  Effect.fnUntraced(function* (options) {
    const { runEvaluate } = yield* load(() => import("../command/Evaluate.ts"))
    const { layerTraining } = yield* load(() => import("@evenkeel/lab/training/HeadFitter"))
    yield* Effect.provide(runEvaluate(options), [layerTraining, logs])
  })
).pipe(Command.withDescription("Judge the engine on recorded prices: leads, false alarms, blame, probabilities"))
