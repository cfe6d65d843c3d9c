/** The real client against a server on loopback: what a venue's REST API can answer. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { createServer, type ServerResponse } from "node:http"
import { serveWithoutEnd } from "../../test/support/EndlessServer.ts"
import { makeScriptedVenue } from "../../test/support/ScriptedVenue.ts"
import { exchanges } from "../exchange/Exchanges.ts"
import { makeRest, type Rest } from "./Rest.ts"

const layer = Policies.layer().pipe(Layer.provideMerge(HealthRegistry.layer), Layer.provideMerge(NodeHttpClient.layerUndici))
const { kraken } = exchanges

/** A server that answers with `handle`, its address, and how often it was asked. */
const serve = (handle: (response: ServerResponse) => void) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly url: string; readonly asked: () => number; readonly close: () => void }>((resume) => {
      let asked = 0
      const server = createServer((_, response) => {
        asked++
        handle(response)
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        resume(
          Effect.succeed({
            url: `http://127.0.0.1:${port}`,
            asked: () => asked,
            close: () => {
              server.closeAllConnections()
              server.close()
            }
          })
        )
      })
    }),
    ({ close }) => Effect.sync(close)
  )

const restOf = (url: string) => makeRest(kraken, { socket: "ws://127.0.0.1:1", rest: url })

describe("Rest", () => {
  it.live("hands over a book's bytes and a decoded answer", () =>
    Effect.gen(function* () {
      const { url } = yield* serve((response) => response.writeHead(200, { "ratelimit-remaining": "7" }).end('{"result":[1]}'))
      const rest = yield* restOf(url)
      assert.deepStrictEqual(yield* rest.get("/any"), { result: [1] })
      assert.strictEqual(Buffer.from(yield* rest.book("USDC/USD")).toString(), '{"result":[1]}')
      assert.strictEqual(rest.limits(), "ratelimit-remaining 7")
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  for (const [what, ask, limit] of [
    ["book", (rest: Rest) => rest.book("USDC/USD"), 8],
    ["list", (rest: Rest) => rest.get("/list"), 32]
  ] as const) {
    it.live(`refuses a ${what} above its limit while it is still being sent, hangs up and does not ask again`, () =>
      Effect.gen(function* () {
        const venue = yield* serveWithoutEnd
        const error = yield* Effect.flip(ask(yield* restOf(venue.url)))
        assert.deepInclude(error, { _tag: "RestBodyUnusable", reason: "too-large" })
        assert.include(error.message, `more than ${limit} MB`)
        yield* venue.hungUp
        assert.isBelow(venue.sentMegabytes(), 2 * limit + 16)
      }).pipe(Effect.scoped, Effect.provide(layer))
    )
  }

  it.live("says which answer was not JSON", () =>
    Effect.gen(function* () {
      const { url } = yield* serve((response) => response.writeHead(200).end("<html>"))
      const error = yield* Effect.flip((yield* restOf(url)).get("/0/public/Time"))
      assert.strictEqual(error.message, "kraken answered with something that is not JSON to /0/public/Time")
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  for (const retryAfter of ["7", "Thu, 01 Jan 1970 00:00:07 GMT"]) {
    it.effect(`does not ask a venue that refuses before the time that it names: ${retryAfter}`, () =>
      Effect.gen(function* () {
        let status = 429
        const { asked, url } = yield* serve((response) => {
          response.writeHead(status, { "retry-after": retryAfter }).end("{}")
          status = 200
        })
        const rest = yield* restOf(url)
        assert.deepInclude(yield* Effect.flip(rest.get("/any")), { _tag: "RestRefused", status: 429 })
        const second = yield* Effect.forkChild(rest.get("/any"))
        yield* TestClock.adjust("6999 millis")
        assert.strictEqual(asked(), 1)
        yield* TestClock.adjust("1 millis")
        assert.deepStrictEqual(yield* Fiber.join(second), {})
        assert.strictEqual(asked(), 2)
      }).pipe(Effect.scoped, Effect.provide(layer))
    )
  }

  it.effect("keeps to the venue's own allowance, and to an override for one venue instead of it", () =>
    Effect.gen(function* () {
      const { asked, endpoints, layer: http } = yield* makeScriptedVenue()
      /** How many of so many calls are sent at once, and how many after a minute. */
      const sent = Effect.fnUntraced(function* (venue: "kraken" | "bitstamp", calls: number) {
        const rest = yield* makeRest(exchanges[venue], endpoints).pipe(Effect.provide(http))
        const before = asked.length
        for (let call = 0; call < calls; call++) yield* Effect.forkChild(rest.get("/any"))
        yield* TestClock.adjust("1 millis")
        const atOnce = asked.length - before
        yield* TestClock.adjust("1 minute")
        return [atOnce, asked.length - before]
      })
      assert.deepStrictEqual(yield* sent("kraken", 45), [kraken.restPerMinute, 45])
      assert.deepStrictEqual(yield* sent("bitstamp", 9), [2, 4])
    }).pipe(
      Effect.scoped,
      Effect.provide(
        Policies.layer({ "rest:bitstamp": { rate: { limit: 2, window: "1 minute" } } }).pipe(Layer.provideMerge(HealthRegistry.layer))
      )
    )
  )
})
