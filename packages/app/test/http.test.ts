/** Requests that no friendly client sends: each one is answered, with what is wrong with it, and none by a fault of the server. */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, describe, it } from "@effect/vitest"
import { layerAlerting } from "@evenkeel/alerting/Alerting"
import { Receivers } from "@evenkeel/alerting/receiver/Receiver"
import { StressQuantiles } from "@evenkeel/assessment/liquidation/ReadQuantiles"
import type { OracleAssessment } from "@evenkeel/assessment/oracle/OracleAssessment"
import { Oracles } from "@evenkeel/assessment/oracle/Oracles"
import { layerApi } from "@evenkeel/api/server/ApiServer"
import { EngineStatus } from "@evenkeel/api/server/EngineStatus"
import { EngineView } from "@evenkeel/api/server/EngineView"
import { Reports } from "@evenkeel/assessment/compliance/Reports"
import { InsuranceWatch } from "@evenkeel/assessment/insurance/InsuranceWatch"
import { MarketClock } from "@evenkeel/runtime/time/MarketClock"
import { page } from "@evenkeel/dashboard/Page"
import { Effect, Layer } from "effect"
import { HttpServer } from "effect/http"
import { createServer, request } from "node:http"
import { idleStatus } from "./support/Status.ts"
import { services } from "../../alerting/test/support/Services.ts"

const layerOf = (
  http: { readonly host: string; readonly names: ReadonlyArray<string> },
  { oracles = Oracles.layerNoop, simulated = false } = {}
) =>
  layerApi({ dashboard: page, ...http }).pipe(
    Layer.provideMerge(NodeHttpServer.layer(createServer, { host: http.host, port: 0 })),
    Layer.provide(EngineStatus.layerTest(idleStatus)),
    Layer.provide(Layer.succeed(EngineView, { simulated, coins: () => [] })),
    Layer.provide(Layer.merge(InsuranceWatch.layerTest(), Reports.layer({ publicKey: undefined }))),
    Layer.provide(oracles),
    Layer.provide(StressQuantiles.layer("")),
    Layer.provide(layerAlerting({ owner: "test" })),
    Layer.provide(Layer.succeed(Receivers, [])),
    Layer.provide(services)
  )

const made: OracleAssessment = {
  feed: "made",
  coin: "USDC",
  time: 0,
  verdict: "safe",
  reasons: [],
  price: 1,
  round: null,
  updatedAt: 0,
  ageMillis: 0,
  heartbeatSeconds: 60,
  deviationBps: 25,
  fairValue: 1,
  errorBps: 1,
  gapBps: 0,
  noiseBps: 1,
  lagMillis: 0,
  lagIsBound: false,
  believed: "agree",
  venues: { agree: [], differ: [] }
}
const layer = layerOf({ host: "127.0.0.1", names: [] })

interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
}

/** The path goes out as it is; nothing is normalised. */
const ask = (path: string, over: { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: string } = {}) =>
  Effect.flatMap(HttpServer.HttpServer, ({ address }) =>
    Effect.callback<Answer>((resume) => {
      const port = "port" in address ? address.port : 0
      const sent = request(
        { host: "127.0.0.1", port, path, method: over.method ?? "GET", headers: over.headers ?? {}, agent: false },
        (response) => {
          const chunks: Array<Buffer> = []
          response
            .on("data", (chunk: Buffer) => chunks.push(chunk))
            .on("end", () =>
              resume(
                Effect.succeed({
                  status: response.statusCode ?? 0,
                  type: String(response.headers["content-type"]),
                  body: Buffer.concat(chunks).toString()
                })
              )
            )
        }
      )
      sent.on("error", (error) => resume(Effect.succeed({ status: 0, type: "", body: error.message })))
      sent.end(over.body)
    }).pipe(Effect.timeoutOrElse({ duration: "5 seconds", orElse: () => Effect.succeed({ status: -1, type: "", body: "no answer" }) }))
  )

const assertProblem = (answer: Answer, status: number, of: string) => {
  assert.strictEqual(answer.status, status, `${of}: ${answer.body}`)
  assert.include(answer.type, "application/problem+json", of)
  assert.strictEqual((JSON.parse(answer.body) as { status: number }).status, status)
}

describe("the HTTP server", () => {
  it.live(
    "answers paths that lead nowhere with 404 and a problem, however long or badly escaped they are",
    () =>
      Effect.gen(function* () {
        for (const path of [
          `/v1/coins/${"A".repeat(9000)}`,
          `/v1/coins/${"A".repeat(900)}`,
          `/${"a".repeat(300)}`,
          `/${"a/".repeat(3000)}`,
          "/v1/coins/%ff",
          "/v1/coins/%",
          "/%2e%2e/%2e%2e/package.json",
          "/x%00y",
          "/nothing"
        ])
          assertProblem(yield* ask(path), 404, path.slice(0, 40))
        assert.strictEqual((yield* ask("/v1/coins/USDX")).body, '{"_tag":"UnknownCoin","coin":"USDX"}')
      }).pipe(Effect.provide(layer)),
    60_000
  )

  it.live(
    "names a query parameter that it does not know, or whose value it cannot read",
    () =>
      Effect.gen(function* () {
        for (const [path, parameter] of [
          ["/v1/coins?limit=-1", "limit"],
          ["/v1/coins/USDC?x=1", "x"],
          ["/v1/alerts?limit=-1", "limit"],
          ["/v1/alerts?all=maybe", "all"],
          ["/v1/alerts?all=true&all=false", "all"],
          ["/v1/alerts?__proto__=1", "__proto__"],
          ["/healthz?verbose=1", "verbose"],
          ["/readyz?x=1", "x"]
        ] as const) {
          const answer = yield* ask(path)
          assertProblem(answer, 400, path)
          assert.include(answer.body, `"${parameter}"`)
        }
        for (const path of ["/v1/coins", "/v1/alerts", "/v1/alerts?all=true", "/?from=mail", "/metrics"])
          assert.strictEqual((yield* ask(path)).status, 200, path)
        const asked = { accept: "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1" }
        const open = yield* ask("/metrics", { headers: asked })
        assert.include(open.type, "application/openmetrics-text; version=1.0.0")
        assert.isTrue(open.body.endsWith("# EOF\n"))
        assert.include((yield* ask("/metrics")).type, "text/plain")
      }).pipe(Effect.provide(layer)),
    60_000
  )

  it.live(
    "answers other methods, bodies and headers without a fault",
    () =>
      Effect.gen(function* () {
        for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND"])
          for (const path of ["/v1/coins", "/", "/metrics"]) assertProblem(yield* ask(path, { method }), 405, `${method} ${path}`)
        assert.deepInclude(yield* ask("/v1/coins", { method: "HEAD" }), { status: 200, body: "" })
        assert.deepInclude(yield* ask("/v1/nothing", { method: "HEAD" }), { status: 404, body: "" })
        assert.strictEqual((yield* ask("//v1//coins")).status, 200)
        for (const [status, headers, body] of [
          [200, { "content-length": "10" }, "0123456789"],
          [200, { "transfer-encoding": "chunked", "content-type": "application/json" }, "{"],
          [200, { "x-large": "a".repeat(15_000) }],
          [431, { "x-large": "a".repeat(20_000) }],
          [417, { expect: "nonsense" }],
          [200, { traceparent: "00-zz", b3: "x", accept: "nonsense" }]
        ] as ReadonlyArray<readonly [number, Record<string, string>, string?]>)
          assert.strictEqual(
            (yield* ask("/v1/coins", { headers, ...(body === undefined ? {} : { body }) })).status,
            status,
            JSON.stringify(headers).slice(0, 60)
          )
        assertProblem(yield* ask("/", { headers: { range: "bytes=9-1" } }), 416, "range")
      }).pipe(Effect.provide(layer)),
    60_000
  )

  it.live(
    "takes silences, shows them, ends them, and lets no page of another site set one",
    () =>
      Effect.gen(function* () {
        const draft = { matchers: ['coin="USDC"'], minutes: 60, createdBy: "ann", comment: "known" }
        const post = (body: unknown, headers: Record<string, string> = {}) =>
          ask("/v1/silences", { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) })
        for (const headers of [{ origin: "http://evil.example" }, { origin: "null" }, { origin: "http://localhost.evil.example" }])
          assertProblem(yield* post(draft, headers), 403, headers.origin)
        assert.strictEqual((yield* post(draft, { "content-type": "text/plain" })).status, 415)
        for (const over of [
          { matchers: [] },
          { matchers: ["coin"] },
          { matchers: ['coin=~"("'] },
          { minutes: 0 },
          { minutes: 1e9 },
          { comment: "" }
        ])
          assertProblem(yield* post({ ...draft, ...over }), 400, JSON.stringify(over))
        const set = yield* post(draft)
        assert.strictEqual(set.status, 200, set.body)
        const { id } = JSON.parse(set.body) as { id: string }
        const states = Effect.map(ask("/v1/silences"), ({ body }) =>
          (JSON.parse(body) as Array<{ id: string; state: string }>).map((each) => [each.id, each.state])
        )
        assert.deepStrictEqual(yield* states, [[id, "active"]])
        assertProblem(yield* ask(`/v1/silences/${id}`), 405, "GET")
        assert.strictEqual((yield* ask(`/v1/silences/${id}`, { method: "DELETE" })).status, 200)
        assert.strictEqual((yield* ask(`/v1/silences/${id}`, { method: "DELETE" })).status, 404)
        assert.deepStrictEqual(yield* states, [[id, "expired"]])
        const seen = JSON.stringify({ by: "ann", comment: "" })
        const acknowledged = yield* ask("/v1/alerts/b7aa0be47ccdbbc3/acknowledgement", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: seen
        })
        assert.deepInclude(acknowledged, { status: 404 })
      }).pipe(Effect.provide(layer)),
    60_000
  )

  it.live(
    "values positions that are sent with the question, and refuses those that cannot be valued, that are malformed, and that are too many",
    () =>
      Effect.gen(function* () {
        const post = (body: string, headers: Record<string, string> = {}) =>
          ask("/v1/liquidations", { method: "POST", headers: { "content-type": "application/json", ...headers }, body })
        const question = {
          thresholds: { USDC: "0.8" },
          prices: { USDC: "1", USDT: "1" },
          accounts: [{ account: "a", collateral: { USDC: "1000" }, debt: { USDT: "780" } }],
          shocks: [{ USDC: -300 }]
        }
        const { body, status } = yield* post(JSON.stringify(question))
        assert.strictEqual(status, 200, body)
        const report = JSON.parse(body) as { first: Array<{ coin: string; shockBps: number }>; shocks: Array<{ accounts: number }> }
        assert.strictEqual(report.first[0]?.coin, "USDC")
        assert.closeTo(report.first[0]!.shockBps, -250, 1e-6)
        assert.strictEqual(report.shocks[0]?.accounts, 1)
        const leg = '"USDT":"780"'
        const twice = yield* post(JSON.stringify(question).replace(leg, `"USDT":"1",${leg}`))
        assert.strictEqual(twice.status, 422, twice.body)
        assert.include(twice.body, "USDT is there twice")
        const legs = Object.fromEntries(Array.from({ length: 30_000 }, (_, n) => [`C${n}`, "1"]))
        const large = yield* post(JSON.stringify({ ...question, accounts: [{ account: "a", collateral: {}, debt: legs }] }))
        assert.strictEqual(large.status, 422, large.body.slice(0, 300))
        assert.include(large.body, "a has 30000 coins on one side: at most 64")
        const unpriced = yield* post(JSON.stringify({ ...question, prices: {} }))
        assert.strictEqual(unpriced.status, 422, unpriced.body)
        assert.include(unpriced.body, "USDC (not watched)")
        const many = Array.from({ length: 10_001 }, (_, n) => ({ account: `${n}`, collateral: {}, debt: {} }))
        assert.include((yield* post(JSON.stringify({ ...question, accounts: many }))).body, "at most 10000")
        for (const wrong of [
          "{",
          "null",
          JSON.stringify({ ...question, first: 1001 }),
          JSON.stringify({ ...question, accounts: [{ account: "a", collateral: { USDC: "1" }, debt: { usdt: "780" } }] }),
          JSON.stringify({ ...question, prices: { USDC: 1 } })
        ])
          assertProblem(yield* post(wrong), 400, wrong)
        assertProblem(yield* post(JSON.stringify({ filler: "x".repeat(513 << 10) })), 413, "513 KB")
        assertProblem(yield* post(JSON.stringify(question), { origin: "http://evil.example" }), 403, "origin")
        assertProblem(yield* ask("/v1/liquidations"), 405, "GET")
        assert.strictEqual((yield* ask("/v1/oracles")).body, "[]")
        assert.deepInclude(yield* ask("/v1/oracles/none"), { status: 404, body: '{"_tag":"UnknownOracle","feed":"none"}' })
      }).pipe(Effect.provide(layer)),
    60_000
  )

  it.live(
    "says of liquidations and oracles that their market is made up, and answers in its time",
    () =>
      Effect.gen(function* () {
        const body = JSON.stringify({
          thresholds: { USDC: "0.8" },
          prices: { USDC: "1" },
          accounts: [{ account: "a", collateral: { USDC: "1" }, debt: {} }]
        })
        const answer = yield* ask("/v1/liquidations", { method: "POST", headers: { "content-type": "application/json" }, body })
        assert.deepInclude(JSON.parse(answer.body), { simulated: true, time: 1_900_000_000_000 })
        assert.include((yield* ask("/v1/oracles")).body, '"simulated":true')
        assert.include((yield* ask("/v1/oracles/made")).body, '"simulated":true')
      }).pipe(
        Effect.provide(
          layerOf(
            { host: "127.0.0.1", names: [] },
            { simulated: true, oracles: Layer.succeed(Oracles, { assessments: Effect.succeed([made]) }) }
          ).pipe(Layer.provide(Layer.succeed(MarketClock, () => 1_900_000_000_000)))
        )
      ),
    60_000
  )

  it.live(
    "answers on loopback under loopback's names alone, so that no page elsewhere can point its own name here",
    () =>
      Effect.gen(function* () {
        for (const host of ["localhost", "LOCALHOST:8787", "127.0.0.1:1", "127.9.9.9", "[::1]:80", "desk.localhost", "localhost."])
          assert.strictEqual((yield* ask("/v1/coins", { headers: { host } })).status, 200, host)
        for (const path of ["/v1/coins", "/", "/metrics", "/readyz", "/nothing"])
          for (const host of [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "0.0.0.0",
            "a@localhost",
            "[::2]",
            "localhost:80:80"
          ]) {
            const answer = yield* ask(path, { headers: { host } })
            assertProblem(answer, 421, host)
            assert.include(answer.body, "EVENKEEL_HTTP_NAMES")
          }
      }).pipe(Effect.provide(layer)),
    60_000
  )

  it.live(
    "answers under the configured names beside loopback's, and under any where it listens for everybody and none is configured",
    () =>
      Effect.gen(function* () {
        const statusOf = (host: string) => Effect.map(ask("/healthz", { headers: { host } }), ({ status }) => status)
        yield* Effect.gen(function* () {
          assert.deepStrictEqual(yield* Effect.forEach(["Peg.example:443", "localhost", "other.example"], statusOf), [200, 200, 421])
        }).pipe(Effect.provide(layerOf({ host: "127.0.0.1", names: ["peg.example"] })))
        yield* Effect.gen(function* () {
          assert.deepStrictEqual(yield* Effect.forEach(["peg.example", "other.example"], statusOf), [200, 200])
        }).pipe(Effect.provide(layerOf({ host: "0.0.0.0", names: [] })))
        yield* Effect.gen(function* () {
          assert.deepStrictEqual(yield* Effect.forEach(["peg.example", "other.example"], statusOf), [200, 421])
        }).pipe(Effect.provide(layerOf({ host: "0.0.0.0", names: ["peg.example"] })))
      }),
    60_000
  )
})
