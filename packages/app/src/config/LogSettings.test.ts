import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { loadConfig } from "./LoadConfig.ts"
import { groupOf, logsOptions } from "./LogSettings.ts"

const optionsOf = (environment: Readonly<Record<string, string>>, where = { isTerminal: false, isScreen: false }) =>
  Effect.map(loadConfig(Option.none(), environment), ({ log }) => logsOptions(log, where))

describe("the log's settings", () => {
  it.effect("are standard error and nothing else by default: JSON, and for people on a terminal", () =>
    Effect.gen(function* () {
      const { file, format, kindFiles } = yield* optionsOf({})
      assert.deepStrictEqual({ file, format, kindFiles }, { file: undefined, format: "json", kindFiles: {} })
      const onTerminal = yield* optionsOf({}, { isTerminal: true, isScreen: true })
      assert.strictEqual(onTerminal.format, "pretty")
      assert.strictEqual(onTerminal.standardErrorFrom, "ERROR", "the screen's own terminal is not written over")
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("name files and levels in the environment too", () =>
    Effect.gen(function* () {
      const options = yield* optionsOf({
        EVENKEEL_LOG_FILE: "/var/log/evenkeel.log",
        EVENKEEL_LOG_MAX_MEGABYTES: "2",
        EVENKEEL_LOG_LEVELS: '{"connectors":"Debug"}',
        EVENKEEL_LOG_KIND_FILES_ALERT: "/var/log/alerts.log"
      })
      assert.deepStrictEqual(options.file, { file: "/var/log/evenkeel.log", format: "json" })
      assert.deepStrictEqual(options.kindFiles, { alert: "/var/log/alerts.log" })
      assert.deepStrictEqual(options.levels, { connectors: "Debug" })
      assert.strictEqual(options.bytesMax, 2_000_000)
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("are refused where two logs would share a file, and where a level is none", () =>
    Effect.gen(function* () {
      const shared = yield* Effect.flip(optionsOf({ EVENKEEL_LOG_FILE: "a.log", EVENKEEL_LOG_KIND_FILES_ALERT: "./a.log" }))
      assert.include(shared.message, "no two logs in one file")
      const loud = yield* Effect.flip(optionsOf({ EVENKEEL_LOG_LEVELS: '{"kraken":"Loud"}' }))
      assert.include(loud.message, "log.levels")
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it("know whose component it is", () => {
    const groups = ["kraken#0", "chain:ethereum", "receiver:desk", "consumer:alerts", "level-recorder", "retention", "engine"].map(groupOf)
    assert.deepStrictEqual(groups, ["connectors", "connectors", "alerting", "alerting", "detection", "store", undefined])
  })
})
