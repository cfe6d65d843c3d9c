import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { layerRuntime } from "@evenkeel/runtime/Runtime"
import { beginning, EventStore } from "@evenkeel/store/event/EventStore"
import { Effect, Layer, Option } from "effect"
import { loadConfig } from "../config/LoadConfig.ts"
import { layerEngineFacts } from "./EngineFacts.ts"
import type { EngineSetup } from "./EngineSetup.ts"
import { layerMemoryDatabase } from "../../../store/test/support/MemoryDatabase.ts"

const setup: EngineSetup = {
  coins: [coinOf("USDC")!],
  bridges: [],
  instruments: [],
  discovered: [],
  venues: [],
  clock: () => 0,
  receivers: [],
  spares: 0,
  engineId: "one",
  engineName: "live",
  simulated: false,
  warmStart: true,
  staleAfterMillis: 60_000
}

const services = EventStore.layer.pipe(
  Layer.provideMerge(layerMemoryDatabase),
  Layer.provideMerge(Layer.merge(layerRuntime, NodeServices.layer))
)

/** One run of an engine under these variables. */
const run = (environment: Readonly<Record<string, string>>) =>
  Effect.flatMap(loadConfig(Option.none(), environment), (config) => Effect.provide(Effect.void, layerEngineFacts(config, setup)))

describe("facts about the engine", () => {
  it.live("are its starts and stops, and a start under another configuration, without its secrets", () =>
    Effect.gen(function* () {
      yield* run({})
      yield* run({})
      const secret = "kept-to-itself"
      yield* run({ EVENKEEL_ALERTS_WEBHOOKS: JSON.stringify([{ name: "desk", url: "https://example.com/hook", secret }]) })
      const facts = yield* (yield* EventStore).read({ after: beginning, limit: 100, stream: "engine/live" })
      const run1 = ["EngineStarted", "EngineStopped"]
      assert.deepStrictEqual(
        facts.map(({ kind }) => kind),
        [...run1, ...run1, "ConfigurationChanged", ...run1]
      )
      const digest = (index: number) => (JSON.parse(facts[index]!.payload) as { configuration: string }).configuration
      assert.deepInclude(JSON.parse(facts[4]!.payload), { engine: "one", from: digest(0), to: digest(5) })
      // Of a webhook that is new there is more to tell than its secrets.
      assert.deepInclude(JSON.parse(facts[4]!.payload), {
        changes: [{ setting: "alerts.webhooks", from: "[]", to: '[{"name":"desk","url":"<redacted>","secret":"<redacted>"}]' }]
      })
      assert.notInclude(facts.map(({ payload }) => payload).join(), secret)
    }).pipe(Effect.provide(services))
  )

  it.live("say that a run before has no end in the log", () =>
    Effect.gen(function* () {
      const events = yield* EventStore
      yield* run({})
      yield* events.append("engine/live", "any", [{ kind: "EngineStarted", payload: { engine: "killed", configuration: "" } }])
      yield* run({})
      const missing = yield* events.lastOf("engine/live", "EngineStopMissing")
      assert.deepInclude(JSON.parse(Option.getOrThrow(missing).payload), { engine: "one", before: "killed" })
      yield* run({})
      const facts = yield* events.read({ after: beginning, limit: 100, stream: "engine/live" })
      assert.strictEqual(facts.filter(({ kind }) => kind === "EngineStopMissing").length, 1)
    }).pipe(Effect.provide(services))
  )
})
