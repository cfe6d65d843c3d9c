/** `evenkeel explain`: one probability of the model, feature by feature. */
import * as Effect from "effect/Effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { json, model } from "./Parameters.ts"
import { load, logs } from "./Root.ts"

export const explain = Command.make(
  "explain",
  {
    files: Argument.String("file").pipe(Argument.withDescription("Price files of one market"), Argument.variadic({ min: 1 })),
    coin: Flag.String("coin").pipe(Flag.withDescription("The coin whose probability is explained")),
    at: Flag.String("at").pipe(Flag.withDescription("A time, ISO 8601: the last bar that had closed by then is explained")),
    label: Flag.Literals("label", ["onset", "state"]).pipe(
      Flag.withDescription("Probability that a break begins, or that one stands"),
      Flag.withDefault("onset")
    ),
    horizonMinutes: Flag.Int("horizon").pipe(Flag.withDescription("Minutes: 5, 30, 60, 240 or 1440"), Flag.withDefault(60)),
    model,
    json
  },
  Effect.fnUntraced(function* (options) {
    const { runExplain } = yield* load(() => import("../command/Explain.ts"))
    yield* Effect.provide(runExplain(options), logs)
  })
).pipe(Command.withDescription("Explain a probability of the model, feature by feature"))
