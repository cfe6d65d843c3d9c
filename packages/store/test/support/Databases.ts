/** Both databases that the store's conformance suites run on: the embedded one, and a real Postgres. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { PgClient } from "@effect/sql-pg"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { Effect, Layer } from "effect"
import type { SqlClient } from "effect/sql"
import { layerPostgres } from "../../src/database/Database.ts"
import { testDatabaseUrl } from "./KeptPostgres.ts"
import { layerEmptyMemory, layerMemoryDatabase } from "./MemoryDatabase.ts"

const services = Layer.mergeAll(NodeServices.layer, Supervisor.layer.pipe(Layer.provideMerge(HealthRegistry.layer)))

type Database = Layer.Layer<SqlClient.SqlClient | NodeServices.NodeServices | Supervisor | HealthRegistry, unknown>
type Databases = readonly [readonly [string, Database], readonly [string, Database]]

export const databases: Databases = [
  ["PGlite", Layer.provideMerge(layerMemoryDatabase, services)],
  ["Postgres", Layer.provideMerge(Layer.unwrap(Effect.map(testDatabaseUrl, layerPostgres)), services)]
]

/** Without any table. */
export const emptyDatabases: Databases = [
  ["PGlite", Layer.provideMerge(layerEmptyMemory, services)],
  ["Postgres", Layer.provideMerge(Layer.unwrap(Effect.map(testDatabaseUrl, (url) => PgClient.layer({ url }))), services)]
]
