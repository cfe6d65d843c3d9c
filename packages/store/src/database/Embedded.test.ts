import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, FileSystem, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { spawn, spawnSync } from "node:child_process"
import type { Worker } from "node:worker_threads"
import { EventStore } from "../event/EventStore.ts"
import { layerPglite } from "./Database.ts"
import { connect } from "./Connection.ts"
import { findTemplate, layerClient, layerEmbedded, open } from "./Embedded.ts"

/** `TEST_STARTS=100` for a larger trial: each start takes a second of a core. */
const starters = Number(process.env["TEST_STARTS"] ?? 8)
const locker = new URL("../../test/support/locker.ts", import.meta.url).pathname

/** Process numbers of its own; killed together with what it runs. */
const container = ["unshare", "--pid", "--fork", "--kill-child"]
const namespaces = spawnSync(container[0]!, [...container.slice(1), "true"]).status === 0

/** What so many processes say that try to take the lock at once; none ends before all have tried, and then they are killed. */
const tryAtOnce = (directory: string, count: number, inside: ReadonlyArray<string> = []) =>
  Effect.callback<ReadonlyArray<string>>((resume) => {
    const said: Array<string> = []
    const children = Array.from({ length: count }, () => {
      const [program, ...before] = [...inside, process.execPath]
      const child = spawn(program!, [...before, locker, directory], { stdio: ["ignore", "pipe", "inherit"] })
      child.stdout.on("data", (chunk: Buffer) => {
        said.push(chunk.toString().trim())
        if (said.length === count) for (const each of children) each.kill("SIGKILL")
      })
      return child
    })
    let running = count
    for (const child of children) child.on("exit", () => --running === 0 && resume(Effect.succeed(said)))
  })

describe("the embedded database on disk", () => {
  it.live(
    "keeps what was written over a restart, whatever a killed engine left of its lock, and is whole or not there when its creation is cut off",
    () =>
      Effect.gen(function* () {
        const files = yield* FileSystem.FileSystem
        const directory = `${yield* files.makeTempDirectoryScoped()}/data`
        // What a start left that was killed while it made the database.
        yield* files.makeDirectory(`${directory}.new/base`, { recursive: true })
        yield* files.writeFileString(`${directory}.new/PG_VERSION`, "18")
        const open = EventStore.layer.pipe(Layer.provideMerge(layerPglite(directory)), Layer.provideMerge(NodeServices.layer))
        const append = Effect.flatMap(EventStore, (events) => events.append("coin/USDC", 0, [{ kind: "LevelChanged", payload: {} }]))
        yield* Effect.provide(append, open)
        assert.isFalse(yield* files.exists(`${directory}.new`))
        assert.strictEqual(
          yield* Effect.provide(
            Effect.flatMap(EventStore, ({ verify }) => verify),
            open
          ),
          1
        )
        // A file of an engine that was killed, or of an earlier version, holds nobody up, though a process has its number.
        yield* files.writeFileString(`${directory}.lock`, "1")
        yield* Effect.provide(Effect.void, open)
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    60_000
  )

  it.live(
    "is locked by one of many processes that start in the same instant",
    () =>
      Effect.gen(function* () {
        const files = yield* FileSystem.FileSystem
        const directory = `${yield* files.makeTempDirectoryScoped()}/data`
        const said = yield* tryAtOnce(directory, starters)
        assert.deepStrictEqual([...said].sort(), [...Array.from({ length: starters - 1 }, () => "DatabaseLocked"), "locked"])
        assert.deepStrictEqual(yield* tryAtOnce(directory, 1), ["locked"], "a killed process holds nothing")
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    240_000
  )

  it.live.skipIf(!namespaces)(
    "is locked by one of two containers whose processes have the same number (needs the right to unshare, else left out)",
    () =>
      Effect.gen(function* () {
        const files = yield* FileSystem.FileSystem
        const directory = `${yield* files.makeTempDirectoryScoped()}/data`
        const said = yield* tryAtOnce(directory, 2, container)
        assert.deepStrictEqual([...said].sort(), ["DatabaseLocked", "locked"])
        assert.strictEqual(yield* files.readFileString(`${directory}.pid`), "1")
        assert.deepStrictEqual(yield* tryAtOnce(directory, 1, container), ["locked"])
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    60_000
  )

  it.live(
    "undoes a transaction that its client left open, and gives no client what another has asked",
    () =>
      Effect.gen(function* () {
        const worker = yield* Effect.acquireRelease(open({ directory: "memory://", template: (yield* findTemplate)?.href }), (thread) =>
          Effect.promise(() => thread.terminate())
        )
        const client = Layer.fresh(layerClient(() => connect(worker)))
        const asked = <A, E, R>(ask: (sql: SqlClient.SqlClient) => Effect.Effect<A, E, R>) =>
          Effect.flatMap(SqlClient.SqlClient, ask).pipe(Effect.provide(client))
        const counted = (sql: SqlClient.SqlClient) => sql`select count(*) from generate_series(1, 3000000)`
        yield* asked((sql) => sql`create table kept (value int)`)
        yield* asked((sql) => Effect.andThen(sql`begin`, sql`insert into kept values (7)`))
        assert.deepStrictEqual(yield* asked((sql) => sql`select * from kept`), [])
        yield* asked((sql) => Effect.andThen(Effect.forkChild(counted(sql), { startImmediately: true }), Effect.yieldNow))
        assert.deepStrictEqual(yield* asked((sql) => sql`select 1 as one`), [{ one: 1 }])
        // The driver asks on another connection that a statement which was interrupted be given up.
        yield* asked((sql) =>
          Effect.gen(function* () {
            const long = yield* Effect.forkChild(sql.withTransaction(Effect.andThen(sql`insert into kept values (7)`, counted(sql))))
            yield* Effect.sleep("50 millis")
            yield* Fiber.interrupt(long)
            assert.deepStrictEqual(yield* sql`select * from kept`, [])
          })
        )
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    60_000
  )

  it.live(
    "is opened again when its thread dies, and when it hangs in a statement",
    () =>
      Effect.gen(function* () {
        const files = yield* FileSystem.FileSystem
        const directory = `${yield* files.makeTempDirectoryScoped()}/data`
        const threads: Array<Worker> = []
        const started = (thread: Worker) => threads.push(thread)
        yield* Effect.acquireRelease(
          Effect.sync(() => process.on("worker", started)),
          () => Effect.sync(() => process.off("worker", started))
        )
        yield* Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          yield* sql`create table kept (value int)`
          yield* sql`insert into kept values (7)`
          yield* Effect.promise(() => threads.at(-1)!.terminate())
          const again = Effect.retry(sql<{ value: number }>`select value from kept`, { times: 3 })
          assert.deepStrictEqual(yield* again, [{ value: 7 }])
          assert.strictEqual((yield* Effect.flip(sql`select pg_sleep(120)`))._tag, "SqlError")
          assert.deepStrictEqual(yield* again, [{ value: 7 }])
          assert.strictEqual(threads.length, 3)
          // What keeps it from being opened passes: so does its closing.
          const control = `${directory}/global/pg_control`
          yield* files.rename(control, `${control}.away`)
          yield* Effect.promise(() => threads.at(-1)!.terminate())
          assert.strictEqual((yield* Effect.flip(sql`select value from kept`))._tag, "SqlError")
          yield* files.rename(`${control}.away`, control)
          assert.deepStrictEqual(yield* again, [{ value: 7 }])
        }).pipe(Effect.provide(layerEmbedded(directory, { within: "3 seconds" }).pipe(Layer.provide(NodeServices.layer))))
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    60_000
  )
})
