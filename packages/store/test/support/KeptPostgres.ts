/**
 * One real Postgres server for all the tests of a process, and a database of its own for each that asks.
 *
 * Servers are not shared between processes: what a consumer may read depends on the open transactions of the whole server.
 */
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Redacted, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"

export class NoPostgres extends Schema.TaggedError<NoPostgres>()("NoPostgres", { problem: Schema.String }) {}

/** The address of this process's server, once the first test has asked for it. It stops when this process ends. */
let kept: Promise<string> | undefined

const start = () =>
  new Promise<string>((resolve, reject) => {
    const keeper = spawn(process.execPath, [fileURLToPath(new URL("postgresKeeper.ts", import.meta.url))], {
      stdio: ["pipe", "pipe", "pipe"]
    })
    let said = ""
    keeper.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()))
    keeper.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString().trim()))
    keeper.once("error", reject)
    keeper.once("exit", () => reject(new Error(said)))
    // It must not keep this process alive when all tests are done.
    for (const handle of [keeper, keeper.stdin, keeper.stdout, keeper.stderr]) (handle as { unref?: () => void }).unref?.()
  })

const server = Effect.tryPromise({ try: () => (kept ??= start()), catch: (problem) => new NoPostgres({ problem: String(problem) }) })

let databases = 0

/** The address of an empty database on a real server, or on the one that TEST_DATABASE_URL names: that one is used as it is. */
export const testDatabaseUrl = Effect.gen(function* () {
  const named = process.env["TEST_DATABASE_URL"]
  if (named !== undefined) return Redacted.make(named)
  const url = yield* server
  const name = `test_${++databases}`
  const statement = (text: string) =>
    Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(text)).pipe(
      Effect.provide(Layer.fresh(PgClient.layer({ url: Redacted.make(url), maxConnections: 1 })))
    )
  yield* Effect.acquireRelease(statement(`create database ${name}`), () => Effect.orDie(statement(`drop database ${name} with (force)`)))
  return Redacted.make(url.replace(/[^/]*$/, name))
})
