import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, FileSystem, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { createConnection, type Socket } from "node:net"
import { EventStore } from "../event/EventStore.ts"
import { layerDatabase, layerDatabaseBeside } from "./Database.ts"
import { serveDatabase } from "./DatabaseSocket.ts"
import { connect, findTemplate, layerClient, open } from "./Embedded.ts"

const inDirectory = <A, E, R>(body: (directory: string) => Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    return yield* body(`${yield* files.makeTempDirectoryScoped()}/data`)
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

const ended = (socket: Socket) => Effect.callback<void>((resume) => void socket.on("close", () => resume(Effect.void)))

describe("the embedded database, served to commands", () => {
  it.live("is looked into by another while an engine has it open, is opened where none has, and is refused to another version", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const files = yield* FileSystem.FileSystem
        const options = { url: Redacted.make(""), directory }
        const facts = Effect.flatMap(EventStore, ({ verify }) => verify)
        const append = Effect.flatMap(EventStore, (events) => events.append("coin/USDC", "any", [{ kind: "LevelChanged", payload: {} }]))
        const beside = Layer.fresh(EventStore.layer.pipe(Layer.provideMerge(layerDatabaseBeside(options))))
        // What an engine that was killed leaves.
        yield* files.writeFileString(`${directory}.sock`, "")
        yield* Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          yield* append
          assert.strictEqual(yield* Effect.provide(Effect.andThen(append, facts), beside), 2)
          assert.strictEqual(yield* facts, 2)
          assert.strictEqual((yield* files.stat(`${directory}.sock`)).mode & 0o777, 0o600)
          // A transaction that its process leaves is undone, and holds nobody up.
          yield* Effect.exit(
            Effect.flatMap(SqlClient.SqlClient, (guest) => Effect.andThen(guest`begin`, guest`delete from event`)).pipe(
              Effect.provide(beside)
            )
          )
          assert.strictEqual(yield* facts, 2)
          yield* sql`update effect_sql_migrations set migration_id = 1000 where migration_id = (select max(migration_id) from effect_sql_migrations)`
          const refused = yield* Effect.flip(Effect.provide(facts, beside))
          assert.include(refused.message, "an engine of another version")
        }).pipe(Effect.provide(EventStore.layer.pipe(Layer.provideMerge(layerDatabase(options)))))
        assert.isFalse(yield* files.exists(`${directory}.sock`))
      })
    )
  )

  it.live("turns one guest too many away, and ends one that keeps the session and says nothing", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const worker = yield* Effect.acquireRelease(open({ directory: "memory://", template: (yield* findTemplate)?.href }), (thread) =>
          Effect.promise(() => thread.terminate())
        )
        const files = yield* FileSystem.FileSystem
        yield* files.makeDirectory(directory)
        yield* serveDatabase(directory, () => connect(worker), { silent: "200 millis" })
        const dial = () => createConnection(`${directory}.sock`)
        const guests = Array.from({ length: 5 }, dial)
        // All of them say nothing, and the fifth is not even let in.
        yield* Effect.forEach(guests, ended, { concurrency: "unbounded" })
        const guest = Layer.fresh(layerClient(dial, { guest: true }))
        const engine = Layer.fresh(layerClient(() => connect(worker)))
        const held = yield* Effect.scoped(
          Effect.gen(function* () {
            const sql = yield* Effect.map(Layer.build(guest), (services) => Context.get(services, SqlClient.SqlClient))
            yield* sql`create table kept (value int)`
            yield* sql`begin`
            yield* sql`insert into kept values (7)`
            // The engine's own statement waits for the session, and has it when the guest was silent for too long.
            return yield* Effect.flatMap(SqlClient.SqlClient, (mine) => mine`select * from kept`).pipe(Effect.provide(engine))
          })
        )
        assert.deepStrictEqual(held, [])
      })
    )
  )

  it.live("is left unserved where its path is too long for a socket", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const files = yield* FileSystem.FileSystem
        const long = `${directory}/${"x".repeat(100)}`
        yield* files.makeDirectory(directory)
        const served = yield* Effect.exit(serveDatabase(long, () => createConnection(long)))
        assert.isTrue(Exit.isSuccess(served))
        assert.deepStrictEqual(yield* files.readDirectory(directory), [])
      })
    )
  )
})
