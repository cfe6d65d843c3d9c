/** The demo, killed without warning again and again: nothing that was promised is lost, and nothing is told twice as if it were new. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Notified, notifiedFamily } from "@evenkeel/alerting/group/Notified"
import { AlertsClosed, type AlertState, decide, decideClosed } from "@evenkeel/alerting/manager/Decide"
import { Notification } from "@evenkeel/domain/alert/Alert"
import { LevelChange, levelChangesFamily, operatorFamily } from "@evenkeel/domain/risk/RiskLevel"
import { layerPglite } from "@evenkeel/store/database/Database"
import { beginning, EventStore } from "@evenkeel/store/event/EventStore"
import { Outbox } from "@evenkeel/store/outbox/Outbox"
import { Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { appendFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Program, serve, startProgram, until } from "./support/Program.ts"

/** `TEST_KILLS=20` for a longer trial. */
const kills = Number(process.env["TEST_KILLS"] ?? 2)
const decodeNotification = Schema.decodeUnknownSync(Schema.fromJsonString(Notification))
const decodeNotified = Schema.decodeUnknownSync(Schema.fromJsonString(Notified))
const decodeChange = Schema.decodeUnknownSync(Schema.fromJsonString(LevelChange))
const decodeClosed = Schema.decodeUnknownSync(Schema.fromJsonString(AlertsClosed))

const addressOf = (program: Program) => /"http":"([^"]+)"/.exec(program.errors())?.[1]

const Health = Schema.Struct({
  components: Schema.Array(Schema.Struct({ component: Schema.String, gauges: Schema.Record(Schema.String, Schema.Finite) }))
})

/** The engine at `address` has handled every fact and delivered every notification, as it says of itself twice in a row. */
const everythingDelivered = Effect.fnUntraced(function* (address: string) {
  const look = Effect.gen(function* () {
    const body = yield* Effect.promise(async () => (await fetch(`${address}/healthz`)).json())
    const { components } = yield* Schema.decodeUnknownEffect(Health)(body)
    const gauge = (name: string, key: string) => components.find(({ component }) => component === name)?.gauges[key]
    return gauge("consumer:alerts", "lag") === 0 && gauge("dispatcher", "outbox_pending") === 0
  })
  for (let quiet = 0; quiet < 2; quiet = (yield* look) ? quiet + 1 : 0) yield* Effect.sleep("1500 millis")
})

describe("a demo that is killed", () => {
  it.live(
    `${kills} times at random moments loses no alert, repeats none under another key, and keeps its chain whole`,
    () =>
      Effect.gen(function* () {
        const data = yield* Effect.acquireRelease(
          Effect.sync(() => mkdtempSync(join(tmpdir(), "evenkeel-"))),
          (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
        )
        const received: Array<Notification> = []
        const webhook = yield* serve((request, body) => {
          const notification = decodeNotification(body.toString())
          assert.strictEqual(request.headers["idempotency-key"], notification.idempotencyKey)
          assert.isTrue(notification.simulated)
          received.push(notification)
          return 204
        })
        const environment = {
          EVENKEEL_DATA: data,
          EVENKEEL_HTTP_PORT: "0",
          EVENKEEL_ALERTS_ALLOW_PRIVATE: "true",
          EVENKEEL_ALERTS_WEBHOOKS: JSON.stringify([{ name: "test", url: webhook.url, secret: "secret" }])
        }
        const args = ["demo", "--configured", "--scenario", "recovery", "--speed", "9600"]
        let seed = 17
        const random = () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32
        let damageSaid = 0
        for (let kill = 0; kill < kills; kill++) {
          yield* Effect.gen(function* () {
            const program = yield* startProgram([...args, "--seed", String(kill + 1)], environment)
            yield* until("the engine starts", () => program.errors().includes("engine started"), 60, program)
            // The first one has something to lose.
            if (kill === 0) yield* until("alerts are told", () => received.length >= 2, 60, program)
            yield* Effect.sleep(random() * 2500)
            program.process.kill("SIGKILL")
            assert.strictEqual(yield* program.exit, "SIGKILL")
            if (program.errors().includes("last segment is damaged")) damageSaid++
            const newest = readdirSync(join(data, "journal"))
              .filter((name) => name.endsWith(".journal"))
              .sort()
              .at(-1)
            // What a kill in the middle of a write leaves behind, made sure of.
            if (kill % 5 === 1 && newest !== undefined) appendFileSync(join(data, "journal", newest), Buffer.from("EVKB half a block"))
          }).pipe(Effect.scoped)
        }
        // A market without news, so that there comes an end to what must be delivered.
        const last = yield* startProgram(["demo", "--configured", "--scenario", "calm", "--speed", "60"], environment)
        yield* until("the engine starts", () => addressOf(last) !== undefined, 60, last)
        yield* everythingDelivered(addressOf(last)!)
        last.process.kill("SIGTERM")
        assert.strictEqual(yield* last.exit, 0, last.errors())
        assert.include(last.output(), "stopped after")
        if (last.errors().includes("last segment is damaged")) damageSaid++
        // The second of every five, and what it damaged is said at the next start.
        assert.isAtLeast(damageSaid, Math.floor((kills + 3) / 5))

        yield* Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const events = yield* EventStore
          const count = yield* events.verify
          assert.isAbove(count, kills)
          assert.strictEqual(yield* (yield* Outbox).pending, 0)
          const promised = yield* sql<{ key: string; position: number }>`
          select idempotency_key as key, position::float8 as position from notification where receiver = 'test'`
          const keys = new Set(received.map(({ idempotencyKey }) => idempotencyKey))
          assert.deepStrictEqual(
            promised.map(({ key }) => key).sort(),
            [...keys].sort(),
            "what was promised was delivered, and nothing else"
          )
          const tellings = new Set(received.map(({ groupKey, position, status }) => `${position} ${groupKey} ${status}`))
          assert.strictEqual(tellings.size, keys.size, "one key for one telling")

          // Folding the log by the rule gives the states of alerts that must have been told.
          const open = new Map<string, AlertState>()
          const expected: Array<string> = []
          const told: Array<string> = []
          // A demo that begins closes what the one before left firing.
          for (const event of yield* events.read({ after: beginning, limit: 100_000, families: [levelChangesFamily, operatorFamily] })) {
            const isClosed = event.kind === "AlertsClosed"
            const { coin } = isClosed ? decodeClosed(event.payload) : decodeChange(event.payload)
            const ofCoin = [...open.values()].filter(({ alert }) => alert.change?.coin === coin)
            const facts = isClosed
              ? decideClosed(ofCoin, decodeClosed(event.payload), event.position)
              : decide(ofCoin, decodeChange(event.payload), event.position, "warning")
            for (const { kind, state } of facts) {
              expected.push(`${state.position} ${state.alert.fingerprint} ${state.alert.status}`)
              if (kind === "AlertResolved") open.delete(state.alert.fingerprint)
              else open.set(state.alert.fingerprint, state)
            }
          }
          for (const event of yield* events.read({ after: beginning, limit: 100_000, families: [notifiedFamily] }))
            for (const { fingerprint, position, status } of decodeNotified(event.payload).alerts)
              told.push(`${position} ${fingerprint} ${status}`)
          assert.deepStrictEqual(told.sort(), expected.sort())
          assert.strictEqual(told.length, promised.length)
          assert.isAtLeast(expected.length, 2)
        }).pipe(
          Effect.provide(
            Layer.mergeAll(EventStore.layer, Outbox.layer).pipe(
              Layer.provideMerge(layerPglite(join(data, "database"))),
              Layer.provideMerge(NodeServices.layer)
            )
          )
        )
      }),
    60_000 + kills * 15_000
  )
})
