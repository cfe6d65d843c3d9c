import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import { privateCode } from "@evenkeel/runtime/net/PrivateAddress"
import { Effect } from "effect"
import { HttpClient } from "effect/http"
import { serve } from "../../test/support/Program.ts"
import { layerOutsideClient } from "./OutsideClient.ts"

/** A name that nobody can tell is private before it is resolved. */
const get = (url: string) =>
  Effect.flatMap(HttpClient.HttpClient, (client) => client.get(url.replace("127.0.0.1", "localhost"))).pipe(
    Effect.map(({ status }) => String(status)),
    Effect.catchTag("HttpClientError", ({ reason: { cause } }) =>
      Effect.succeed(typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : "?")
    ),
    Effect.scoped
  )

describe("the client of news feeds and receivers", () => {
  it.live("connects to no private address unless it may, also beside the engine's own client, which does", () =>
    Effect.gen(function* () {
      const { url } = yield* serve(() => 200)
      assert.strictEqual(yield* get(url), "200")
      assert.strictEqual(yield* Effect.provide(get(url), layerOutsideClient({ allowPrivate: false })), privateCode)
      assert.strictEqual(yield* Effect.provide(get(url), layerOutsideClient({ allowPrivate: true })), "200")
    }).pipe(Effect.scoped, Effect.provide(NodeHttpClient.layerUndici))
  )
})
