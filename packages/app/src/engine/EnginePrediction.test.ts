import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { loadConfig } from "../config/LoadConfig.ts"
import { predictionOptionsOf } from "./EnginePrediction.ts"

describe("predictionOptionsOf", () => {
  it.effect("recalibrates a model under the engine's own name, and never by a simulated market", () =>
    Effect.gen(function* () {
      const config = yield* loadConfig(Option.none(), {})
      assert.deepInclude(predictionOptionsOf(config, { engineName: "live", simulated: false }), { engineName: "live", recalibrate: true })
      assert.isFalse(predictionOptionsOf(config, { engineName: "demo", simulated: true }).recalibrate)
    }).pipe(Effect.provide(NodeServices.layer))
  )
})
