/** `evenkeel train`: a model from recorded prices. */
import * as Effect from "effect/Effect"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { checkpoints, data } from "./Parameters.ts"
import { load, logs } from "./Root.ts"

export const train = Command.make(
  "train",
  {
    data,
    out: Flag.String("out").pipe(Flag.withDescription("The model file"), Flag.withDefault("model.evkmodel")),
    name: Flag.String("name").pipe(Flag.withDescription("The model's name, shown where it serves"), Flag.withDefault("model")),
    seed: Flag.Int("seed").pipe(Flag.withDescription("Seed of the training's random numbers"), Flag.withDefault(1)),
    checkpoints
  },
  Effect.fnUntraced(function* (options) {
    const { runTrain } = yield* load(() => import("../command/Train.ts"))
    const { layerTraining } = yield* load(() => import("@evenkeel/lab/training/HeadFitter"))
    yield* Effect.provide(runTrain(options), [layerTraining, logs])
  })
).pipe(Command.withDescription("Train a model on recorded prices"))
