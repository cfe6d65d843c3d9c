/** The real clients of chains against a node that answers without end. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { Effect, Layer, Redacted } from "effect"
import { serveWithoutEnd } from "../../test/support/EndlessServer.ts"
import { chains } from "./Chains.ts"

const layer = Policies.layer().pipe(Layer.provideMerge(HealthRegistry.layer), Layer.provideMerge(NodeHttpClient.layerUndici))

describe("RpcEndpoints", () => {
  for (const id of ["ethereum", "solana", "tron"] as const) {
    it.live(`reads no more of a node's answer than its limit, and hangs up: ${id}`, () =>
      Effect.gen(function* () {
        const node = yield* serveWithoutEnd
        const chain = yield* chains[id]([{ url: Redacted.make(node.url) }])
        const error = yield* Effect.flip(chain.head)
        assert.strictEqual(error._tag, "ChainUnavailable")
        assert.match(error.message, /more than 16 MB|exceeded the size limit/)
        yield* node.hungUp
        assert.isBelow(node.sentMegabytes(), 64)
      }).pipe(Effect.scoped, Effect.provide(layer))
    )
  }
})
