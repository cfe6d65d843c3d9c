/**
 * Starts, stops and changes of the configuration are facts in the log; and so is that a run before has none for its end.
 *
 * A start holds every setting as it may be shown, so that the next one can say what has changed. Secrets are left out of it: that one has changed is known
 * by the digest alone.
 */
import { databaseProblem } from "@evenkeel/store/database/DatabaseProblem"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { monotonicMillis } from "@evenkeel/runtime/time/Monotonic"
import { waitAtMost } from "@evenkeel/runtime/supervision/WaitAtMost"
import { Effect, Layer, Option, Schema } from "effect"
import { configText, shaOf, shownText } from "../config/ConfigText.ts"
import type { EngineConfig } from "../config/EngineConfig.ts"
import { configPaths, valueAt } from "../config/LoadConfig.ts"
import type { EngineSetup } from "./EngineSetup.ts"
import type { SettingChange } from "./Reload.ts"

/** Two configurations with the same digest do the same; secrets count by their own digest and cannot be read back. */
export const digestOf = (config: EngineConfig): string => shaOf(configText(config))

const Settings = Schema.Record(Schema.String, Schema.String)

const Started = Schema.Struct({
  /** Facts of older versions have neither. */
  engine: Schema.optionalKey(Schema.String),
  configuration: Schema.String,
  settings: Schema.optionalKey(Settings)
})
const decodeStarted = Schema.decodeUnknownOption(Schema.fromJsonString(Started))
const decodeStopped = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Struct({ engine: Schema.String })))

/** Every setting, as it may be shown. */
export const shownSettings = (config: EngineConfig): typeof Settings.Type =>
  Object.fromEntries(configPaths.map((path) => [path.join("."), shownText(valueAt(config, path))]))

export const shownChanges = (before: typeof Settings.Type, now: typeof Settings.Type): ReadonlyArray<SettingChange> =>
  [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .filter((setting) => before[setting] !== now[setting])
    .map((setting) => ({ setting, from: before[setting] ?? "", to: now[setting] ?? "" }))

/** A start under another configuration than the one before is a fact of its own. */
export const layerEngineFacts = (config: EngineConfig, setup: EngineSetup) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const events = yield* EventStore
      const stream = `engine/${setup.engineName}`
      const append = (kind: string, payload: Readonly<Record<string, Schema.Json>>) =>
        events.append(stream, "any", [{ kind, payload: { engine: setup.engineId, ...payload } }]).pipe(
          Effect.asVoid,
          Effect.catch((error) => Effect.logWarning("a fact about the engine was not written", { kind, problem: databaseProblem(error) }))
        )
      // Whether the log can be read is for those to say who need it.
      const lastOf = (kind: string) => Effect.orElseSucceed(events.lastOf(stream, kind), () => Option.none())
      const startedAt = yield* monotonicMillis
      const configuration = digestOf(config)
      const settings = shownSettings(config)
      const start = yield* lastOf("EngineStarted")
      const stop = yield* lastOf("EngineStopped")
      const before = Option.flatMap(start, ({ payload }) => decodeStarted(payload))
      const stopped = Option.flatMap(stop, ({ payload }) => decodeStopped(payload))
      if (Option.isSome(start) && Option.isSome(before)) {
        const { engine } = before.value
        const ended = Option.isSome(stopped) && stopped.value.engine === engine
        // It was killed, or it still runs beside this one: nobody here can know which.
        if (engine !== undefined && !ended) yield* append("EngineStopMissing", { before: engine, startedAt: start.value.recordedAt })
        if (before.value.configuration !== configuration)
          yield* append("ConfigurationChanged", {
            from: before.value.configuration,
            to: configuration,
            ...(before.value.settings === undefined
              ? {}
              : { changes: shownChanges(before.value.settings, settings).map((change) => ({ ...change })) })
          })
      }
      yield* append("EngineStarted", {
        configuration,
        settings,
        simulated: setup.simulated,
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
