import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, FileSystem, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { createConnection, type Socket } from "node:net"
import { EventStore } from "../event/EventStore.ts"
import { connect, type GuestLimits, guestLimits } from "./Connection.ts"
import { layerDatabase, layerDatabaseBeside } from "./Database.ts"
import { serveDatabase } from "./DatabaseSocket.ts"
import { findTemplate, layerClient, open } from "./Embedded.ts"

const inDirectory = <A, E, R>(body: (directory: string) => Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    return yield* body(`${yield* files.makeTempDirectoryScoped()}/data`)
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

const ended = (socket: Socket) => Effect.callback<void>((resume) => void socket.on("close", () => resume(Effect.void)))

/** A message of a client, with its type and length. */
const message = (type: string, body: string): Buffer => {
  const bytes = Buffer.from(`${type}\0\0\0\0${body}`, "latin1")
  bytes.writeInt32BE(bytes.length - 1, 1)
  return bytes
}
const query = (sql: string): Buffer => message("Q", `${sql}\0`)
/** The first message, which has no type. */
const startup = message(" ", "\0\x03\0\0user\0postgres\0database\0postgres\0\0").subarray(1)

/** Until the guest is answered with this text. */
const heard = (guest: Socket, text: string) =>
  Effect.callback<void>((resume) => {
    let said = ""
    const listen = (chunk: Buffer) => {
      said += chunk.toString("latin1")
      if (!said.includes(text)) return
      guest.off("data", listen)
      resume(Effect.void)
    }
    guest.on("data", listen)
  })

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

  /** A database in memory that is served to guests with these limits, as the engine asks it, and a guest that has said its first message. */
  const served = Effect.fnUntraced(function* (directory: string, limits: Partial<GuestLimits>) {
    const worker = yield* Effect.acquireRelease(open({ directory: "memory://", template: (yield* findTemplate)?.href }), (thread) =>
      Effect.promise(() => thread.terminate())
    )
    yield* Effect.flatMap(FileSystem.FileSystem, (files) => files.makeDirectory(directory))
    yield* serveDatabase(directory, () => connect(worker, { ...guestLimits, ...limits }))
    const engine = yield* Effect.map(Layer.build(Layer.fresh(layerClient(() => connect(worker)))), (services) =>
      Context.get(services, SqlClient.SqlClient)
    )
    const guest = yield* Effect.acquireRelease(
      Effect.sync(() => createConnection(`${directory}.sock`)),
      (socket) => Effect.sync(() => socket.destroy())
    )
    guest.on("error", () => {})
    guest.write(startup)
    return { engine, guest }
  })

  it.live("sends a guest away that does not end a message which it has begun", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const { engine, guest } = yield* served(directory, { messageMillis: 200 })
        yield* engine`create table kept (value int)`
        guest.write(query("begin; insert into kept values (7)"))
        yield* heard(guest, "INSERT 0 1")
        guest.resume()
        guest.write("Q")
        yield* ended(guest)
        assert.deepStrictEqual(yield* engine`select * from kept`, [])
      })
    )
  )

  it.live("sends a guest away that keeps the session for too long, whatever it says, also after an error that it does not pass over", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const { engine, guest } = yield* served(directory, { heldMillis: 500 })
        // Each answer asks for the next: this guest is never silent. Its first statement fails, and no `Sync` follows.
        guest.write(query("begin"))
        yield* heard(guest, "BEGIN")
        guest.write(message("P", "\0nonsense\0\0\0"))
        yield* heard(guest, "syntax error")
        const talking = setInterval(() => guest.write(message("H", "")), 20)
        guest.resume()
        yield* Effect.ensuring(
          ended(guest),
          Effect.sync(() => clearInterval(talking))
        )
        assert.deepStrictEqual(yield* engine`select 1 as one`, [{ one: 1 }])
      })
    )
  )

  it.live("refuses a COPY from a guest, in either form of a statement, and goes on", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const { engine, guest } = yield* served(directory, {})
        yield* engine`create table kept (value int)`
        guest.write(query("select 1; copy kept from stdin"))
        yield* heard(guest, "COPY from stdin failed")
        const bind = message("B", "\0\0\0\0\0\0\0\0")
        guest.write(Buffer.concat([message("P", "\0copy kept from stdout\0\0\0"), bind, message("E", "\0\0\0\0\0"), message("S", "")]))
        yield* heard(guest, "COPY from stdin failed")
        guest.write(query("select 'still here'"))
        yield* heard(guest, "still here")
        assert.deepStrictEqual(yield* engine`select * from kept`, [])
      })
    )
  )

  it.live("sends a guest away that does not read its answers", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const { engine, guest } = yield* served(directory, { unreadBytesMax: 1_000_000 })
        guest.write(query("select repeat('x', 1000) from generate_series(1, 20000)"))
        guest.pause()
        assert.deepStrictEqual(yield* engine`select 1 as one`, [{ one: 1 }])
        let bytes = 0
        guest.on("data", (chunk) => (bytes += chunk.length))
        guest.resume()
        yield* ended(guest)
        assert.isBelow(bytes, 5_000_000)
      })
    )
  )

  it.live("gives the engine no answer to what a guest says together with its first message", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const { engine, guest } = yield* served(directory, {})
        guest.write(query("select 'for the guest'"))
        yield* heard(guest, "for the guest")
        assert.deepStrictEqual(yield* engine`select 1 as one`, [{ one: 1 }])
      })
    )
  )

  it.live("sends a guest away that does not speak the protocol of Postgres", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const { engine, guest } = yield* served(directory, {})
        yield* heard(guest, "Z")
        guest.resume()
        guest.write(Buffer.from([0x51, 0xff, 0xff, 0xff, 0xff]))
        yield* ended(guest)
        assert.deepStrictEqual(yield* engine`select 1 as one`, [{ one: 1 }])
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
