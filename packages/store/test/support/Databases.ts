/** Both databases that the store's conformance suites run on: the embedded one, and a real Postgres. */
import { NodeServices } from "@effect/platform-node"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { Effect, Layer, Redacted } from "effect"
import type { SqlClient } from "effect/sql"
import { layerPglite, layerPostgres } from "../../src/database/Database.ts"
import { makeTestPostgres } from "./TestPostgres.ts"

/** A server of its own, or the one that EVENKEEL_TEST_DATABASE_URL names. */
export const layerTestPostgres = Layer.unwrap(
  Effect.gen(function* () {
    const named = process.env["EVENKEEL_TEST_DATABASE_URL"]
    if (named !== undefined) return layerPostgres(Redacted.make(named))
    const server = yield* makeTestPostgres
    yield* server.start
    return layerPostgres(Redacted.make(server.url))
  })
)

const services = Layer.mergeAll(NodeServices.layer, Supervisor.layer.pipe(Layer.provideMerge(HealthRegistry.layer)))

type Database = Layer.Layer<SqlClient.SqlClient | NodeServices.NodeServices | Supervisor | HealthRegistry, unknown>

export const databases: readonly [readonly [string, Database], readonly [string, Database]] = [
  ["PGlite", Layer.provideMerge(layerPglite("memory://"), services)],
  ["Postgres", Layer.provideMerge(layerTestPostgres, services)]
]
