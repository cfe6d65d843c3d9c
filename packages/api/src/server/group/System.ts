/** Answers for the engine's health. */
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { EngineApi } from "../../contract/EngineApi.ts"
import { NotReady } from "../../contract/group/System.ts"

export const system = HttpApiBuilder.group(
  EngineApi,
  "system",
  Effect.fnUntraced(function* (handlers) {
    const health = yield* HealthRegistry
    const answer = (good: Effect.Effect<boolean>) =>
      Effect.gen(function* () {
        const ready = yield* good
        const components = yield* health.snapshot
        return ready ? { ready, components } : yield* new NotReady({ ready, components })
      })
    return handlers.handleAll({ healthz: () => answer(health.healthy), readyz: () => answer(health.ready) })
  })
)
