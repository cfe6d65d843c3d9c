/**
 * Takes up another configuration while the engine runs: when its file changes, and on SIGHUP.
 *
 * A configuration that is not valid is refused whole, and the one that stands goes on. Of a valid one, what `liveSettings` names holds at once; what
 * else has changed is named, and waits for the next start. Either is a fact in the log. SIGHUP begins log files anew as well, as logrotate expects it.
 */
import { AlertSettings } from "@evenkeel/alerting/AlertSettings"
import { Receivers } from "@evenkeel/alerting/receiver/Receiver"
import { Words, loadTemplates } from "@evenkeel/alerting/render/Words"
import { missingReceivers } from "@evenkeel/alerting/route/AlertPolicy"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Logs } from "@evenkeel/runtime/log/Logs"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { databaseProblem } from "@evenkeel/store/database/DatabaseProblem"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { Clock, DateTime, Effect, FileSystem, Layer, Option, Queue, Result, type Schema } from "effect"
import { configText, shownText } from "../config/ConfigText.ts"
import { configWarnings } from "../config/ConfigWarnings.ts"
import type { EngineConfig } from "../config/EngineConfig.ts"
import { rulesOf } from "./EngineRules.ts"
import { type ConfigInvalid, configPaths, valueAt } from "../config/LoadConfig.ts"

/** Where the configuration came from, and how it is read again. */
export interface ConfigSource {
  readonly file: string | undefined
  readonly load: Effect.Effect<EngineConfig, ConfigInvalid, FileSystem.FileSystem>
}

/** Settings that hold as soon as they are read. */
export const liveSettings: ReadonlyArray<string> = [
  "alerts.minimumLevel",
  "alerts.route",
  "alerts.subscriptions",
  "alerts.inhibitRules",
  "alerts.timeIntervals",
  "alerts.rules",
  "alerts.templates",
  "log.level",
  "log.levels"
]

/** The file is looked at this often; it may be replaced as a whole, which no watch of the operating system survives. */
const lookEvery = "2 seconds"
const component = "configuration"
/** Problems that health shows; the log has all. */
const shownMax = 10

/** The settings that differ, as paths. */
export const changedSettings = (from: EngineConfig, to: EngineConfig): ReadonlyArray<string> =>
  configPaths.filter((path) => configText(valueAt(from, path)) !== configText(valueAt(to, path))).map((path) => path.join("."))

/** What a setting was and is; of a change in secrets alone the two look the same. */
export interface SettingChange {
  readonly setting: string
  readonly from: string
  readonly to: string
}

export const settingChanges = (from: EngineConfig, to: EngineConfig, settings: ReadonlyArray<string>): ReadonlyArray<SettingChange> =>
  settings.map((setting) => ({
    setting,
    from: shownText(valueAt(from, setting.split("."))),
    to: shownText(valueAt(to, setting.split(".")))
  }))

/** `engineName`: whose stream the facts are written to. */
export const makeReload = Effect.fnUntraced(function* (initial: EngineConfig, source: ConfigSource, engineName: string) {
  const settings = yield* AlertSettings
  const receivers = yield* Receivers
  const words = yield* Words
  const health = yield* HealthRegistry
  const events = yield* EventStore
  const logs = yield* Logs
  /** What was read last and found valid; and what of it waits for the next start. */
  let standing = initial
  let waiting: ReadonlyArray<string> = []

  const record = (kind: string, payload: Readonly<Record<string, Schema.Json>>) =>
    events.append(`engine/${engineName}`, "any", [{ kind, payload }]).pipe(
      Effect.asVoid,
      Effect.catch((error) => Effect.logWarning("a fact about the engine was not written", { kind, problem: databaseProblem(error) }))
    )

  const refuse = Effect.fnUntraced(function* (why: string, problems: ReadonlyArray<string>) {
    yield* health.report(component, "degraded", `refused, the one before goes on: ${problems.slice(0, shownMax).join("; ")}`)
    yield* Effect.logError("a configuration is refused, and the one before goes on", { why, problems })
    yield* record("ConfigurationRefused", { why, problems })
  })

  return Effect.fn("Reload.reload")(function* (why: string) {
    const read = yield* Effect.result(source.load)
    if (Result.isFailure(read)) return yield* refuse(why, read.failure.problems)
    const next = read.success
    const names = receivers.map(({ name }) => name)
    const unknown = missingReceivers(next.alerts, names)
    if (unknown.length > 0)
      return yield* refuse(
        why,
        unknown.map(({ issue, path }) => `alerts.${path.join(".")}: ${issue}; receivers are started with the engine only`)
      )
    // Their files may have changed where the configuration has not.
    const templates = yield* Effect.result(loadTemplates(next.alerts.templates))
    if (Result.isFailure(templates)) return yield* refuse(why, [`alerts.templates: ${templates.failure.message}`])
    yield* words.set(templates.success)
    for (const warning of configWarnings(next)) yield* Effect.logWarning(warning)
    const now = changedSettings(standing, next).filter((path) => liveSettings.includes(path))
    const atNextStart = changedSettings(initial, next).filter((path) => !liveSettings.includes(path))
    // Told against the file before, whatever of it holds already.
    const changes = settingChanges(standing, next, changedSettings(standing, next))
    const unchanged = now.length === 0 && atNextStart.join() === waiting.join()
    standing = next
    waiting = atNextStart
    const at = DateTime.formatIso(DateTime.makeUnsafe(yield* Clock.currentTimeMillis)).slice(11, 19)
    const said = [
      ...(now.length === 0 ? [] : [`took up ${now.join(", ")} at ${at} UTC`]),
      ...(atNextStart.length === 0 ? [] : [`waits for the next start: ${atNextStart.join(", ")}`])
    ]
    yield* health.report(component, "running", said.join("; "))
    if (unchanged) return
    logs.setLevels(next.log)
    yield* settings.set({
      minimumLevel: next.alerts.minimumLevel,
      policy: next.alerts,
      rules: rulesOf({ ...next, insurance: initial.insurance })
    })
    yield* Effect.logInfo("the configuration has changed", { why, now, atNextStart })
    yield* record("ConfigurationReloaded", { why, now, atNextStart, changes: changes.map((change) => ({ ...change })) })
  })
})

/** Reloads when the file changes and on SIGHUP, which ends a program in a terminal that is closed, as before. */
export const layerReload = (initial: EngineConfig, source: ConfigSource, engineName: string) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const reload = yield* makeReload(initial, source, engineName)
      const logs = yield* Logs
      const supervisor = yield* Supervisor
      const files = yield* FileSystem.FileSystem
      const asked = yield* Queue.sliding<string>(1)
      if (process.stdout.isTTY !== true)
        yield* Effect.acquireRelease(
          Effect.sync(() => {
            const onSignal = () => {
              // Whoever has moved the log away says so by the same signal.
              logs.reopen()
              Queue.offerUnsafe(asked, "SIGHUP")
            }
            process.on("SIGHUP", onSignal)
            return onSignal
          }),
          (onSignal) => Effect.sync(() => process.off("SIGHUP", onSignal))
        )
      yield* supervisor.supervise(component, Effect.forever(Effect.flatMap(Queue.take(asked), reload)))
      const { file } = source
      if (file === undefined) return
      const stamp = files.stat(file).pipe(
        Effect.map(({ ino, mtime, size }) => `${Option.getOrElse(ino, () => 0)} ${Option.getOrUndefined(mtime)?.getTime()} ${size}`),
        Effect.orElseSucceed(() => "gone")
      )
      let [before, seen] = [yield* stamp, yield* stamp]
      yield* supervisor.supervise(
        `${component}-file`,
        Effect.gen(function* () {
          yield* Effect.sleep(lookEvery)
          const now = yield* stamp
          // A file that is gone at one look is being replaced.
          const isBeingReplaced = now === "gone" && before !== "gone"
          before = now
          if (now === seen || isBeingReplaced) return
          seen = now
          yield* Queue.offer(asked, now === "gone" ? "the file is gone" : "the file has changed")
        }).pipe(Effect.forever)
      )
    })
  )
