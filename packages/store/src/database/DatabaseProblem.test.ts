import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { databases } from "../../test/support/Databases.ts"
import { databaseProblem } from "./DatabaseProblem.ts"

/** A statement that the server itself fails with this code and these words. */
const failWith = (code: string, words: string) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.flip(sql.unsafe(`do $$ begin raise exception '${words}' using errcode = '${code}'; end $$`))
  )

for (const [name, database] of databases) {
  describe(`what is wrong with ${name}`, () => {
    it.live(
      "is said in words that name a full disk, what else has run out, and what a statement was refused for",
      () =>
        Effect.gen(function* () {
          const full = 'could not extend file "base/5/16384": No space left on device'
          assert.strictEqual(databaseProblem(yield* failWith("53100", full)), `the database's disk is full: ${full}`)
          assert.strictEqual(databaseProblem(yield* failWith("58030", full)), `the database's disk is full: ${full}`)
          assert.strictEqual(databaseProblem(yield* failWith("53300", "too many")), "the database has run out of something: too many")
          assert.strictEqual(databaseProblem(yield* failWith("25006", "read only")), "the database refuses a statement: read only")
          assert.strictEqual(
            databaseProblem(
              new SqlError.SqlError({ reason: new SqlError.ConnectionError({ cause: new Error("ECONNREFUSED"), message: "no" }) })
            ),
            "the database does not answer: no (ECONNREFUSED)"
          )
        }).pipe(Effect.provide(database)),
      60_000
    )
  })
}

describe("a session on Postgres", () => {
  it.live(
    "is ended by the server when its transaction stands idle, so that it holds no lock for ever",
    () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const [row] = yield* sql<{ setting: string }>`select current_setting('idle_in_transaction_session_timeout') as setting`
        assert.strictEqual(row!.setting, "30s")
      }).pipe(Effect.provide(databases[1][1])),
    60_000
  )
})
