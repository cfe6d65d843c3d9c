/**
 * The store's database: Postgres where a URL is given, the embedded one elsewhere, with the same tables in both.
 */
import { PgClient } from "@effect/sql-pg"
import { Effect, FileSystem, Layer, Redacted, Schema } from "effect"
import type { Migrator, SqlClient, SqlError } from "effect/sql"
import { releaseEveryClaim } from "../outbox/Outbox.ts"
import { dialDatabase, isServed } from "./DatabaseSocket.ts"
import { type DatabaseUnopened, isMade, layerClient, layerEmbedded } from "./Embedded.ts"
import { isUpToDate, migrate } from "./Migrations.ts"
import type { DatabaseLocked } from "./ProcessLock.ts"

/** The server ends a session whose transaction waits so long for its next statement: of an engine that hangs, or whose machine is gone, no lock stays. */
const idleInTransaction = "30s"

/** Brings the tables of the database at hand up to date. */
export const layerMigrated = Layer.effectDiscard(migrate)

export const layerPostgres = (url: Redacted.Redacted) =>
  layerMigrated.pipe(
    Layer.provideMerge(
      PgClient.layer({
        url,
        applicationName: "evenkeel",
        maxConnections: 8,
        connectTimeout: "5 seconds",
        startupParameters: { idle_in_transaction_session_timeout: idleInTransaction }
      })
    )
  )

/**
 * On disk under `directory`, or in memory with `memory://`. One process opens it, so claims that are found there are of one that is gone. With
 * `serve`, others may look into it.
 */
export const layerPglite = (directory: string, options: { readonly serve?: boolean } = {}) =>
  Layer.effectDiscard(Effect.andThen(migrate, releaseEveryClaim)).pipe(Layer.provideMerge(layerEmbedded(directory, options)))

/** The engine that has the database open is of another version. */
export class OtherVersion extends Schema.TaggedError<OtherVersion>()("OtherVersion", { directory: Schema.String }) {
  override get message() {
    return `${this.directory} is in use by an engine of another version: use the program of that version, or stop the engine`
  }
}

const sameVersion = (directory: string) =>
  Effect.gen(function* () {
    if (!(yield* isUpToDate)) return yield* new OtherVersion({ directory })
  })

/** The embedded database as another process has it open, which has brought its tables up to date. */
const layerGuest = (directory: string) =>
  Layer.effectDiscard(sameVersion(directory)).pipe(Layer.provideMerge(layerClient(() => dialDatabase(directory), { guest: true })))

/** For a command: the embedded database, also while an engine has it open. */
const layerPgliteBeside = (directory: string) =>
  layerPglite(directory).pipe(
    Layer.catchTag("DatabaseLocked", (locked) =>
      Layer.unwrap(Effect.flatMap(isServed(directory), (served) => (served ? Effect.succeed(layerGuest(directory)) : Effect.fail(locked))))
    )
  )

/** There is no database in this directory, and whoever asked only looks. */
export class DatabaseMissing extends Schema.TaggedError<DatabaseMissing>()("DatabaseMissing", { directory: Schema.String }) {
  override get message() {
    return `there is no database in ${this.directory}`
  }
}

/** Checked before anything is touched: not even a lock is left in a directory that has no database. */
const layerIfMade = (directory: string) =>
  Layer.unwrap(
    Effect.flatMap(isMade(directory), (made) =>
      made ? Effect.succeed(layerPgliteBeside(directory)) : Effect.fail(new DatabaseMissing({ directory }))
    )
  )

/** Why a database cannot be opened. */
export type DatabaseError = DatabaseLocked | DatabaseUnopened | Migrator.MigrationError | OtherVersion | SqlError.SqlError

export interface DatabaseOptions {
  readonly url: Redacted.Redacted
  readonly directory: string
}

/**
 * The one that `url` names, or the embedded one under `directory` when it is empty. It is given out as SQL alone: which driver serves is the
 * store's own matter, and who composes layers need not depend on it.
 */
export const layerDatabase = ({
  directory,
  url
}: DatabaseOptions): Layer.Layer<SqlClient.SqlClient, DatabaseError, FileSystem.FileSystem> =>
  Redacted.value(url) === "" ? layerPglite(directory, { serve: true }) : layerPostgres(url)

/**
 * The same for a command, which may look into the database of an engine that runs. Without `create` an embedded database that is missing is no new one
 * but an error: an empty log would hold.
 */
export const layerDatabaseBeside = (
  { directory, url }: DatabaseOptions,
  { create = true }: { readonly create?: boolean } = {}
): Layer.Layer<SqlClient.SqlClient, DatabaseError | DatabaseMissing, FileSystem.FileSystem> =>
  Redacted.value(url) !== "" ? layerPostgres(url) : create ? layerPgliteBeside(directory) : layerIfMade(directory)
