/**
 * Run by the install: creates an empty database once and keeps it as `build/database.tar.gz`. Every new embedded database begins as a copy of it,
 * which takes a fifth of the time of creating one.
 *
 * Plain JavaScript, because the install runs it with whatever Node the machine has.
 */
import { PGlite } from "@electric-sql/pglite"
import { mkdirSync, writeFileSync } from "node:fs"

/** Postgres's own default would take 128 MB for a few thousand rows. */
const database = await PGlite.create({ dataDir: "memory://", postgresqlconf: ["shared_buffers=8MB"] })
// The databases that others would be copied from are two thirds of the files, and there are no others here.
await database.exec("update pg_database set datistemplate = false")
await database.exec("drop database template0")
await database.exec("drop database template1")
await database.exec("checkpoint")
const template = await database.dumpDataDir("gzip")
await database.close()
const build = new URL("../build/", import.meta.url)
mkdirSync(build, { recursive: true })
writeFileSync(new URL("database.tar.gz", build), new Uint8Array(await template.arrayBuffer()))
