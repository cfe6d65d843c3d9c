/** `evenkeel replay`: recorded markets through the engine's detection. */
import { venueIds } from "@evenkeel/domain/market/Venue"
import * as Effect from "effect/Effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { bridges, positive } from "./Parameters.ts"
import { load, logs } from "./Root.ts"

export const replay = Command.make(
  "replay",
  {
    files: Argument.String("file").pipe(
      Argument.withDescription("Price files (venue-BASE-QUOTE-….csv.gz), journals or captures"),
      Argument.variadic({ min: 1 })
    ),
    bridges,
    json: Flag.Boolean("json").pipe(Flag.withDescription("One JSON object a line"), Flag.withDefault(false)),
    level: Flag.Literals("level", ["watch", "warning", "critical"]).pipe(
      Flag.withDescription("Only changes to this level or above; all when left out"),
      Flag.optional
    ),
    model: Flag.String("model").pipe(
      Flag.withDescription("Model whose probabilities are given: shipped, none (when left out), a model file, or an ONNX file (.onnx)"),
      Flag.withDefault("none")
    ),
    speed: positive("at-speed").pipe(Flag.withDescription("Times real time; as fast as possible when left out"), Flag.optional),
    venue: Flag.Literals("venue", venueIds).pipe(Flag.withDescription("The venue whose frames a capture holds"), Flag.optional)
  },
  Effect.fnUntraced(function* (options) {
    const { runReplay } = yield* load(() => import("../command/Replay.ts"))
    yield* Effect.provide(runReplay(options), logs)
  })
).pipe(Command.withDescription("Play recorded markets through the engine's detection"))
