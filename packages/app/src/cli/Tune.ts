/** `evenkeel tune`: which members and options predict onsets best on events that were not seen. */
import * as Effect from "effect/Effect"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { checkpoints, data, json } from "./Parameters.ts"
import { load, logs } from "./Root.ts"

/** One for each kind of member. */
const trialsMin = 5
const trialsMax = 500

export const tune = Command.make(
  "tune",
  {
    data,
    method: Flag.Literals("method", ["grid", "tpe"]).pipe(
      Flag.withDescription("Points of a grid, or those that the trials before make promising"),
      Flag.withDefault("tpe")
    ),
    trials: Flag.Int("trials").pipe(
      Flag.withDescription("Trials for each event that is left out, shared among five kinds of members"),
      Flag.filter(
        (trials) => trials >= trialsMin && trials <= trialsMax,
        (trials) => `--trials must be between ${trialsMin} and ${trialsMax}, not ${trials}`
      ),
      Flag.withDefault(60)
    ),
    seed: Flag.Int("seed").pipe(Flag.withDescription("Seed of the search's random numbers"), Flag.withDefault(1)),
    checkpoints,
    json
  },
  Effect.fnUntraced(function* (options) {
    const { runTune } = yield* load(() => import("../command/Tune.ts"))
    const { layerTuning } = yield* load(() => import("@evenkeel/lab/tuning/Tuner"))
    yield* Effect.provide(runTune(options), [layerTuning, logs])
  })
).pipe(Command.withDescription("Look for the members and options that predict breaks best on events that were not seen"))
