/** `evenkeel demo`: the engine against simulated venues. */
import { scenarioNames } from "@evenkeel/connectors/simulated/Scenario"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { positive } from "./Parameters.ts"
import { configSource, load } from "./Root.ts"

export const demo = Command.make(
  "demo",
  {
    scenario: Flag.Literals("scenario", scenarioNames).pipe(
      Flag.withDescription("What happens in the market"),
      Flag.withDefault("usdc-2023-03")
    ),
    seed: Flag.Int("seed").pipe(Flag.withDescription("Seed of the market's random numbers"), Flag.withDefault(1)),
    speed: positive("speed").pipe(Flag.withDescription("Market seconds in a real second"), Flag.withDefault(120)),
    configured: Flag.Boolean("configured").pipe(
      Flag.withDescription(
        "Use the configured database, data directory and receivers: a demo has its own directory and tells nobody otherwise"
      ),
      Flag.withDefault(false)
    ),
    seconds: positive("seconds").pipe(Flag.withDescription("Stop after so many real seconds"), Flag.optional)
  },
  Effect.fnUntraced(function* ({ configured, scenario, seconds, seed, speed }) {
    const stop = Option.match(seconds, { onNone: () => ({}), onSome: (value) => ({ stopAfterMillis: value * 1000 }) })
    const source = yield* configSource
    const { runDemo } = yield* load(() => import("../mode/Demo.ts"))
    // A demo apart from what is configured does not follow it either.
    yield* runDemo(yield* source.load, { configured, scenario, seed, speed, ...stop, ...(configured ? { source } : {}) })
  })
).pipe(Command.withDescription("Run the engine against simulated venues on loopback"))
