import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { AlertSettings } from "@evenkeel/alerting/AlertSettings"
import { Words } from "@evenkeel/alerting/render/Words"
import { Receivers } from "@evenkeel/alerting/receiver/Receiver"
import { alertPolicyDefaults } from "@evenkeel/alerting/route/AlertPolicy"
import type { LogLevels } from "@evenkeel/runtime/log/LogLevels"
import { Logs } from "@evenkeel/runtime/log/Logs"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { Effect, FileSystem, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import { makeKeeper, services } from "../../../alerting/test/support/Services.ts"
import { loadConfig } from "../config/LoadConfig.ts"
import { changedSettings, layerReload } from "./Reload.ts"

const levels: Array<LogLevels["levels"]> = []
const logs = Layer.succeed(Logs, Logs.of({ setLevels: (next) => void levels.push(next.levels), reopen: () => {}, say: () => {} }))
const settings = AlertSettings.layer({ minimumLevel: "warning", policy: alertPolicyDefaults, rules: [] })
const receivers = Layer.succeed(Receivers, [makeKeeper("console").receiver])

describe("a configuration that changes while the engine runs", () => {
  it.effect("is refused whole when it is not valid, takes effect where it can, and names what waits", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const events = yield* EventStore
      const health = yield* HealthRegistry
      const file = `${yield* files.makeTempDirectoryScoped()}/evenkeel.toml`
      const write = (text: string) => files.writeFileString(file, text)
      yield* write("")
      const load = loadConfig(Option.some(file), {})
      const initial = yield* load
      const last = Effect.map(
        events.lastOf("engine/test", "ConfigurationReloaded"),
        Option.map(({ payload }) => JSON.parse(payload) as unknown)
      )
      const level = Effect.map(AlertSettings, ({ current }) => current().minimumLevel)
      const refusal = Effect.map(health.snapshot, (all) => all.find(({ component }) => component === "configuration")?.detail ?? "")
      yield* Effect.gen(function* () {
        /** Whatever the watch does with a file that has been written. */
        const looked = <A>(until: Effect.Effect<A, unknown, AlertSettings>, found: (value: A) => boolean) =>
          Effect.gen(function* () {
            for (;;) {
              yield* TestClock.adjust("2 seconds")
              const value = yield* until
              if (found(value)) return value
              yield* Effect.promise(() => new Promise(setImmediate))
            }
          })
        yield* write('coins = ["USDC"]\n[alerts]\nminimumLevel = "critical"\n')
        yield* looked(level, (now) => now === "critical")
        const reloaded = yield* looked(last, Option.isSome)
        assert.deepStrictEqual(Option.getOrThrow(reloaded), {
          why: "the file has changed",
          now: ["alerts.minimumLevel"],
          atNextStart: ["coins"],
          changes: [
            { setting: "coins", from: '["USDT","USDC","DAI","FDUSD"]', to: '["USDC"]' },
            { setting: "alerts.minimumLevel", from: '"warning"', to: '"critical"' }
          ]
        })
        // What waits is told against what runs, and not against the file before.
        assert.match(
          yield* looked(refusal, (detail) => detail !== ""),
          /^took up alerts\.minimumLevel at \d\d:\d\d:\d\d UTC; waits for the next start: coins$/
        )
        yield* write('[alerts]\nminimumLevel = "purple"\n')
        assert.include(yield* looked(refusal, (detail) => detail.includes("refused")), "alerts.minimumLevel")
        yield* write(
          '[alerts]\nminimumLevel = "watch"\nwebhooks = [{ name = "desk", url = "https://a.example", secret = "s" }]\nroute = { receivers = ["desk"] }\n'
        )
        assert.include(yield* looked(refusal, (detail) => detail.includes("desk")), "started with the engine only")
        assert.strictEqual(yield* level, "critical")
        const directory = file.slice(0, file.lastIndexOf("/"))
        yield* files.writeFileString(`${directory}/title.txt`, "{{coin}}\n{{oops}}")
        yield* write(`[alerts]\nminimumLevel = "watch"\ntemplates = "${directory}"\n`)
        assert.include(yield* looked(refusal, (detail) => detail.includes("templates")), 'title.txt:2: "oops" is no field')
        assert.strictEqual(yield* level, "critical")
        const rule = '{ name = "Far", signal = "deviation", below = -50, severity = "watch" }'
        yield* files.writeFileString(`${directory}/title.txt`, "{{coin}}")
        yield* write(`[alerts]\ntemplates = "${directory}"\nrules = [${rule}]\n`)
        const rules = Effect.map(AlertSettings, ({ current }) => current().rules.map(({ name }) => name))
        assert.deepStrictEqual(yield* looked(rules, (names) => names.length > 0), ["Far"])
        yield* write("")
        yield* looked(level, (now) => now === "warning")
        yield* files.remove(file)
        assert.include(yield* looked(refusal, (detail) => detail.includes("refused")), "cannot be read")
        yield* write('[alerts]\nminimumLevel = "critical"\n[log.levels]\nkraken = "Debug"\n')
        yield* looked(level, (now) => now === "critical")
        assert.deepStrictEqual(levels.at(-1), { kraken: "Debug" })
      }).pipe(Effect.provide(layerReload(initial, { file, load }, "test")))
    }).pipe(
      Effect.scoped,
      Effect.provide(
        Layer.mergeAll(settings, receivers, Words.layer({}), logs).pipe(
          Layer.provideMerge(services),
          Layer.provideMerge(NodeServices.layer)
        )
      )
    )
  )

  it.effect("differs in secrets as well, which nobody is shown", () =>
    Effect.gen(function* () {
      const load = (secret: string) =>
        loadConfig(Option.none(), { EVENKEEL_ALERTS_WEBHOOKS: JSON.stringify([{ name: "desk", url: "https://a.example", secret }]) })
      assert.deepStrictEqual(changedSettings(yield* load("one"), yield* load("two")), ["alerts.webhooks"])
      assert.deepStrictEqual(changedSettings(yield* load("one"), yield* load("one")), [])
    }).pipe(Effect.provide(NodeServices.layer))
  )
})
