/** Two engines on one Postgres: what one of them could have told alone is told once. */
import { assert, describe, it } from "@effect/vitest"
import type { Notification } from "@evenkeel/domain/alert/Alert"
import { changeKeyOf } from "@evenkeel/domain/risk/RiskLevel"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { SpanLinks } from "@evenkeel/runtime/telemetry/SpanLinks"
import { layerPostgres } from "@evenkeel/store/database/Database"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { Outbox } from "@evenkeel/store/outbox/Outbox"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Layer, Redacted, References } from "effect"
import { createServer } from "node:http"
import { testDatabaseUrl } from "../../store/test/support/KeptPostgres.ts"
import { layerAlerting } from "../src/Alerting.ts"
import { Receivers } from "../src/receiver/Receiver.ts"
import { makeWebhookReceiver } from "../src/receiver/WebhookReceiver.ts"
import { levelChange } from "./support/LevelChange.ts"

/** `TEST_CHANGES=1000` for more. */
const changes = Number(process.env["TEST_CHANGES"] ?? 300)
const coins = ["USDC", "USDT", "DAI", "FDUSD", "TUSD"]

const webhookServer = Effect.acquireRelease(
  Effect.callback<{ readonly url: string; readonly received: Array<Notification>; readonly close: () => void }>((resume) => {
    const received: Array<Notification> = []
    const server = createServer((request, response) => {
      const chunks: Array<Buffer> = []
      request
        .on("data", (chunk: Buffer) => chunks.push(chunk))
        .on("end", () => {
          received.push(JSON.parse(Buffer.concat(chunks).toString()) as Notification)
          response.writeHead(204).end()
        })
    }).listen(0, "127.0.0.1", () => {
      const address = server.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      const close = () => {
        server.closeAllConnections()
        server.close()
      }
      resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, received, close }))
    })
  }),
  ({ close }) => Effect.sync(close)
)

/** Its own connections, consumers and receivers; the database and the webhook are shared. */
const engine = (name: string, database: Redacted.Redacted, webhook: string) =>
  layerAlerting({ owner: name, minimumLevel: "watch" }).pipe(
    Layer.provide(
      Layer.effect(
        Receivers,
        Effect.map(makeWebhookReceiver({ name: "desk", url: Redacted.make(webhook), secret: undefined }), (receiver) => [receiver])
      )
    ),
    Layer.provideMerge(Layer.mergeAll(EventStore.layer, Outbox.layer, SpanLinks.layer)),
    Layer.provideMerge(layerPostgres(database)),
    Layer.provideMerge(Layer.mergeAll(Supervisor.layer, Policies.layer())),
    Layer.provideMerge(HealthRegistry.layer),
    Layer.provideMerge(Layer.merge(NodeServices.layer, NodeHttpClient.layerUndici)),
    Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "Error"))
  )

describe("two engines on one Postgres and one webhook", () => {
  it.live(
    `deliver ${changes} level changes that both of them saw once each, in order`,
    () =>
      Effect.gen(function* () {
        const database = yield* testDatabaseUrl
        const webhook = yield* webhookServer
        // Each coin breaks and recovers again and again: every change is news to its alert.
        const history = Array.from({ length: changes }, (_, time) => {
          const breaks = Math.floor(time / coins.length) % 2 === 0
          return levelChange({
            time,
            coin: coins[time % coins.length]!,
            level: breaks ? "critical" : "normal",
            previous: breaks ? "normal" : "critical",
            kind: breaks ? "break" : "recovery"
          })
        })
        const record = Effect.gen(function* () {
          const events = yield* EventStore
          yield* Effect.forEach(history, (change) =>
            events.append(`coin/${change.coin}`, "any", [{ kind: "LevelChanged", payload: change, key: changeKeyOf(change) }])
          )
        })
        const [one, two] = yield* Effect.forEach(["one", "two"], (name) => Layer.build(engine(name, database, webhook.url)))
        yield* Effect.all([Effect.provide(record, one!), Effect.provide(record, two!)], { concurrency: 2 })
        yield* Effect.sleep("10 millis").pipe(Effect.repeat({ while: () => webhook.received.length < changes }))
        const { pending } = yield* Effect.provide(Outbox, one!)
        yield* Effect.sleep("10 millis").pipe(Effect.andThen(pending), Effect.repeat({ while: (left) => left > 0 }))
        const keys = webhook.received.map(({ idempotencyKey }) => idempotencyKey)
        assert.strictEqual(keys.length, changes, "none was sent twice")
        assert.strictEqual(new Set(keys).size, changes)
        for (const coin of coins) {
          const own = webhook.received.filter(({ alerts: [alert] }) => alert.change?.coin === coin)
          assert.deepStrictEqual(
            own.map(({ alerts: [alert] }) => alert.change?.time),
            history.filter((change) => change.coin === coin).map(({ time }) => time)
          )
        }
      }).pipe(Effect.scoped),
    120_000
  )
})
