/**
 * The store's database: Postgres where a URL is given, the embedded one elsewhere, with the same tables in both.
 */
import { PgClient } from "@effect/sql-pg"
import { Effect, type FileSystem, Layer, Redacted } from "effect"
import type { Migrator, SqlClient, SqlError } from "effect/sql"
import { releaseEveryClaim } from "../outbox/Outbox.ts"
import { type DatabaseUnopened, layerEmbedded } from "./Embedded.ts"
import { migrate } from "./Migrations.ts"
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

/** On disk under `directory`, or in memory with `memory://`. One process opens it, so claims that are found there are of one that is gone. */
export const layerPglite = (directory: string) =>
  Layer.effectDiscard(Effect.andThen(migrate, releaseEveryClaim)).pipe(Layer.provideMerge(layerEmbedded(directory)))

/** Why a database cannot be opened. */
export type DatabaseError = DatabaseLocked | DatabaseUnopened | Migrator.MigrationError | SqlError.SqlError

/**
 * The one that `url` names, or the embedded one under `directory` when it is empty. It is given out as SQL alone: which driver serves is the
 * store's own matter, and who composes layers need not depend on it.
 */
export const layerDatabase = (options: {
  readonly url: Redacted.Redacted
  readonly directory: string
}): Layer.Layer<SqlClient.SqlClient, DatabaseError, FileSystem.FileSystem> =>
  Redacted.value(options.url) === "" ? layerPglite(options.directory) : layerPostgres(options.url)
