/** Every venue dies while the program runs: what nobody can see any more is said, and taken back when they return. */
import { assert, describe, it } from "@effect/vitest"
import { scenarios } from "@evenkeel/connectors/simulated/Scenario"
import { makeSimulatedVenue } from "@evenkeel/connectors/simulated/SimulatedVenue"
import { Notification } from "@evenkeel/domain/alert/Alert"
import { Effect, Schema } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { serve, startProgram, until } from "./support/Program.ts"

const decodeNotification = Schema.decodeUnknownSync(Schema.fromJsonString(Notification))
const staleAfterSeconds = 3
const maintenance = 1012

const Coins = Schema.Array(Schema.Struct({ coin: Schema.String, level: Schema.String, errorBps: Schema.NullOr(Schema.Finite) }))
const Readiness = Schema.Struct({ components: Schema.Array(Schema.Struct({ component: Schema.String, detail: Schema.String })) })

describe("a silence of all venues", () => {
  it.live(
    "makes each coin stale with an alert of its own and the engine unready, naming the venues, until they return",
    () =>
      Effect.gen(function* () {
        const data = yield* Effect.acquireRelease(
          Effect.sync(() => mkdtempSync(join(tmpdir(), "evenkeel-"))),
          (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
        )
        const told: Array<string> = []
        const webhook = yield* serve((_request, body) => {
          const {
            alerts: [alert]
          } = decodeNotification(body.toString())
          told.push(`${alert.status} ${alert.change?.coin} ${alert.level}`)
          return 204
        })
        const scenario = scenarios.calm()
        const began = performance.now()
        const venue = (id: "kraken" | "coinbase", symbol: string, base: string) =>
          makeSimulatedVenue({
            venue: id,
            instruments: [{ venue: id, symbol, base, quote: "USD" }],
            scenario,
            seed: 1,
            clock: () => scenario.startsAt + performance.now() - began,
            stepMillis: 50
          })
        const kraken = yield* venue("kraken", "USDC/USD", "USDC")
        const coinbase = yield* venue("coinbase", "USDT-USD", "USDT")
        const venues = [kraken, coinbase]
        const program = yield* startProgram(["live"], {
          EVENKEEL_DATA: data,
          EVENKEEL_HTTP_PORT: "0",
          EVENKEEL_COINS: "USDC,USDT",
          EVENKEEL_INSTRUMENTS: "kraken:USDC/USD:USDC:USD,coinbase:USDT-USD:USDT:USD",
          EVENKEEL_ENDPOINTS: JSON.stringify([
            { venue: "kraken", ...kraken.endpoints },
            { venue: "coinbase", ...coinbase.endpoints }
          ]),
          EVENKEEL_HOT_PATH_STALE_AFTER_SECONDS: String(staleAfterSeconds),
          EVENKEEL_POLICIES: JSON.stringify([{ policy: "connect", breakerSeconds: 1 }]),
          EVENKEEL_ALERTS_ALLOW_PRIVATE: "true",
          EVENKEEL_ALERTS_WEBHOOKS: JSON.stringify([{ name: "test", url: webhook.url, secret: "secret" }])
        })
        const addressOf = () => /"http":"([^"]+)"/.exec(program.errors())?.[1]
        yield* until("the engine starts", () => addressOf() !== undefined, 60, program)
        const ask = (path: string) =>
          Effect.promise(async () => {
            const response = await fetch(`${addressOf()}${path}`)
            return { status: response.status, body: (await response.json()) as unknown }
          })
        const readyz = Effect.repeat(Effect.delay(ask("/readyz"), "100 millis"), { until: ({ status }) => status === 200 })
        const coins = Effect.flatMap(ask("/v1/coins"), ({ body }) => Schema.decodeUnknownEffect(Coins)(body))
        yield* Effect.timeout(readyz, "30 seconds")
        const before = yield* coins
        assert.deepStrictEqual(told, [])

        for (const each of venues) {
          each.refuseSockets = true
          each.restStatus = 503
          each.disconnect(maintenance)
        }
        const died = performance.now()
        yield* until("each coin's alert is delivered", () => told.length === 2, 15, program)
        const seconds = (performance.now() - died) / 1000
        assert.isAbove(seconds, staleAfterSeconds - 1)
        assert.isBelow(seconds, staleAfterSeconds + 8, "delivery included, on a busy machine")
        assert.deepStrictEqual([...told].sort(), ["firing USDC stale", "firing USDT stale"])
        // Readiness is looked at each second.
        const unready = Effect.gen(function* () {
          const { body, status } = yield* ask("/readyz")
          const { components } = yield* Schema.decodeUnknownEffect(Readiness)(body)
          const detailOf = (name: string) => components.find(({ component }) => component === name)?.detail
          return { status, venues: detailOf("venues"), prices: detailOf("prices") }
        })
        const said = yield* Effect.repeat(Effect.delay(unready, "100 millis"), {
          // A venue whose books are polled in place of its socket counts until that fails as well.
          until: ({ prices, venues }) =>
            prices === "no fresh price of USDC (kraken USDC/USD: not connected), USDT (coinbase USDT-USD: not connected)" &&
            venues?.startsWith("0 ") === true,
          times: 50
        })
        assert.strictEqual(said.status, 503)
        assert.strictEqual(said.venues, "0 of 2 venues are connected: coinbase, kraken are not")
        for (const [index, { errorBps, level }] of (yield* coins).entries()) {
          assert.strictEqual(level, "stale")
          assert.isAbove(errorBps!, before[index]!.errorBps!, "nobody knows how far it has gone")
        }

        for (const each of venues) {
          each.refuseSockets = false
          each.restStatus = undefined
        }
        yield* until("each alert is resolved", () => told.length === 4, 30, program)
        assert.deepStrictEqual(told.slice(2).sort(), ["resolved USDC stale", "resolved USDT stale"])
        yield* Effect.timeout(readyz, "20 seconds")
        program.process.kill("SIGTERM")
        assert.strictEqual(yield* program.exit, 0, program.errors())
      }).pipe(Effect.scoped),
    120_000
  )
})
