/**
 * The store's database: Postgres where a URL is given, the embedded one elsewhere, with the same tables in both.
 */
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Redacted } from "effect"
import { releaseEveryClaim } from "../outbox/Outbox.ts"
import { layerEmbedded } from "./Embedded.ts"
import { migrate } from "./Migrations.ts"

const migrated = Layer.effectDiscard(migrate)

export const layerPostgres = (url: Redacted.Redacted) =>
  migrated.pipe(Layer.provideMerge(PgClient.layer({ url, applicationName: "evenkeel", maxConnections: 8, connectTimeout: "5 seconds" })))

/** On disk under `directory`, or in memory with `memory://`. One process opens it, so claims that are found there are of one that is gone. */
export const layerPglite = (directory: string) =>
  Layer.effectDiscard(Effect.andThen(migrate, releaseEveryClaim)).pipe(Layer.provideMerge(layerEmbedded(directory)))

/** The one that `url` names, or the embedded one under `directory` when it is empty. */
export const layerDatabase = (options: { readonly url: Redacted.Redacted; readonly directory: string }) =>
  Redacted.value(options.url) === "" ? layerPglite(options.directory) : layerPostgres(options.url)
