import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Migrator, SqlClient } from "effect/sql"
import { createHash } from "node:crypto"
import { beginning, EventStore } from "../event/EventStore.ts"
import { Outbox } from "../outbox/Outbox.ts"
import { emptyDatabases } from "../../test/support/Databases.ts"
import { migrate, migrations } from "./Migrations.ts"

/** The tables as the first version left them. */
const {
  "0001_events": events,
  "0002_outbox": outbox,
  "0003_alerts": alerts,
  "0004_snapshots": snapshots,
  "0005_models": models
} = migrations
const migrateFirst = Migrator.make({})({
  loader: Migrator.fromRecord({
    "0001_events": events,
    "0002_outbox": outbox,
    "0003_alerts": alerts,
    "0004_snapshots": snapshots,
    "0005_models": models
  })
})

const change = { time: 5, coin: "USDC", drivers: [{ name: "deviation", value: 3, share: 1 }], reason: ["below its peg"] }
const notification = (key: string) => JSON.stringify({ idempotencyKey: key, position: 2, alert: { fingerprint: "f", change } })

/** What the first version wrote: three events in one chain, one notification that was delivered and one that waits. */
const firstVersion = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  let previousHash = "0".repeat(64)
  for (const [index, stream] of ["coin-USDC", "coin-DAI", "coin-USDC"].entries()) {
    const row = {
      position: index + 1,
      stream,
      version: index === 2 ? 2 : 1,
      kind: "LevelChanged",
      payload: `{"n":${index}}`,
      recorded_at: index
    }
    const hash = createHash("sha256")
      .update(JSON.stringify([previousHash, row.position, row.stream, row.version, row.kind, row.payload, row.recorded_at]))
      .digest("hex")
    yield* sql`insert into event ${sql.insert({ ...row, previous_hash: previousHash, hash })}`
    previousHash = hash
  }
  const row = { receiver: "hook", position: 2, next_attempt: 0 }
  yield* sql`insert into notification ${sql.insert({ ...row, idempotency_key: "done", payload: notification("done"), delivered_at: 1 })}`
  yield* sql`insert into notification ${sql.insert({ ...row, idempotency_key: "waits", payload: notification("waits") })}`
  return previousHash
})

for (const [name, database] of emptyDatabases) {
  layer(database, { timeout: "60 seconds", excludeTestServices: true })(`a database of the first version, on ${name}`, (it) => {
    it.effect("goes on with its facts, its waiting notifications and new facts", () =>
      Effect.gen(function* () {
        yield* migrateFirst
        const head = yield* firstVersion
        yield* migrate
        yield* Effect.gen(function* () {
          const store = yield* EventStore
          yield* store.append("coin/USDC", 0, [{ kind: "LevelChanged", payload: 1 }])
          const facts = yield* store.read({ after: beginning, limit: 10 })
          assert.deepStrictEqual(
            facts.map(({ payload, stream, version }) => [stream, version, JSON.parse(payload) as unknown]),
            [
              ["legacy/log", 1, { events: 3, hash: head, brokenAt: null }],
              ["legacy/coin-USDC", 1, { n: 0 }],
              ["legacy/coin-DAI", 1, { n: 1 }],
              ["legacy/coin-USDC", 2, { n: 2 }],
              ["coin/USDC", 1, 1]
            ]
          )
          assert.strictEqual(yield* store.verify, 5)
          const [row, ...others] = yield* (yield* Outbox).claim({ receiver: "hook", owner: "one", now: 60_000, leaseMillis: 1, limit: 10 })
          assert.deepStrictEqual(others, [])
          assert.deepInclude(row, { idempotencyKey: "waits", fingerprint: "f", position: 2 })
          const { alert } = JSON.parse(row!.payload) as { alert: { change: { evidence: { drivers: unknown }; reason?: unknown } } }
          assert.deepStrictEqual(alert.change.evidence.drivers, change.drivers)
          assert.isUndefined(alert.change.reason)
        }).pipe(Effect.provide(Layer.mergeAll(EventStore.layer, Outbox.layer)))
      })
    )
  })
}
