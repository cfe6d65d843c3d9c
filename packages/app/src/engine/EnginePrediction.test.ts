import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { loadConfig } from "../config/LoadConfig.ts"
import { predictionOptionsOf } from "./EnginePrediction.ts"

describe("predictionOptionsOf", () => {
  it.effect("recalibrates and credits a model under the engine's own name, and never by a simulated market", () =>
    Effect.gen(function* () {
      const config = yield* loadConfig(Option.none(), {})
      assert.deepInclude(predictionOptionsOf(config, { engineName: "live", simulated: false }), {
        engineName: "live",
        recalibrate: true,
        credits: true
      })
      assert.deepInclude(predictionOptionsOf(config, { engineName: "demo", simulated: true }), { recalibrate: false, credits: false })
    }).pipe(Effect.provide(NodeServices.layer))
  )
})
