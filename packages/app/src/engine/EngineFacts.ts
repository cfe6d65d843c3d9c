/** Starts, stops and changes of the configuration are facts in the log. */
import { databaseProblem } from "@evenkeel/store/database/DatabaseProblem"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { monotonicMillis } from "@evenkeel/runtime/time/Monotonic"
import { waitAtMost } from "@evenkeel/runtime/supervision/WaitAtMost"
import { Effect, Layer, Option, Schema } from "effect"
import { configText, shaOf } from "../config/ConfigText.ts"
import type { EngineConfig } from "../config/EngineConfig.ts"
import type { EngineSetup } from "./EngineSetup.ts"

/** Two configurations with the same digest do the same; secrets count by their own digest and cannot be read back. */
export const digestOf = (config: EngineConfig): string => shaOf(configText(config))

const decodeStarted = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Struct({ configuration: Schema.String })))

/** A start under another configuration than the one before is a fact of its own. */
export const layerEngineFacts = (config: EngineConfig, setup: EngineSetup) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const events = yield* EventStore
      const stream = `engine/${setup.engineName}`
      const append = (kind: string, payload: Readonly<Record<string, string | number | ReadonlyArray<string>>>) =>
        events.append(stream, "any", [{ kind, payload: { engine: setup.engineId, ...payload } }]).pipe(
          Effect.asVoid,
          Effect.catch((error) => Effect.logWarning("a fact about the engine was not written", { kind, problem: databaseProblem(error) }))
        )
      const startedAt = yield* monotonicMillis
      const configuration = digestOf(config)
      const before = yield* events.lastOf(stream, "EngineStarted").pipe(
        Effect.map(Option.flatMap(({ payload }) => decodeStarted(payload))),
        // Whether the log can be read is for those to say who need it.
        Effect.orElseSucceed(() => Option.none())
      )
      if (Option.isSome(before) && before.value.configuration !== configuration)
        yield* append("ConfigurationChanged", { from: before.value.configuration, to: configuration })
      yield* append("EngineStarted", {
        configuration,
        coins: setup.coins.map(({ symbol }) => symbol),
        instruments: setup.instruments.length
      })
      yield* Effect.addFinalizer(() =>
        Effect.flatMap(monotonicMillis, (now) => append("EngineStopped", { seconds: (now - startedAt) / 1000 })).pipe(
          waitAtMost("1 second")
        )
      )
    })
  )
