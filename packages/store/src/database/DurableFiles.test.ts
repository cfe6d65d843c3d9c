/** A power cut: what was not synced is gone. */
import { PGlite, type PGliteOptions } from "@electric-sql/pglite"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, relative } from "node:path"
import { durableParameters, makeDurableFiles } from "./DurableFiles.ts"

/** Files under `memory`, and on a second "disk" what would survive of them: each file as it was when it was synced last. */
const forgetful = (memory: string, disk: string) =>
  makeDurableFiles(memory, (path) => {
    const kept = join(disk, relative(memory, path))
    mkdirSync(dirname(kept), { recursive: true })
    writeFileSync(kept, readFileSync(path))
  })

const template = new URL("../../build/database.tar.gz", import.meta.url)

const open = (files: object, startParams: Array<string>, from?: URL) =>
  Effect.acquireRelease(
    Effect.promise(() =>
      PGlite.create({
        fs: files as NonNullable<PGliteOptions["fs"]>,
        startParams,
        ...(from === undefined ? {} : { loadDataDir: new Blob([readFileSync(from)]) })
      })
    ),
    (database) => Effect.promise(() => database.close())
  )

const commits = 20

const inDirectory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "evenkeel-power-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

/** How many of the commits that were acknowledged are there after the power was cut. `whole` is a database that was closed. */
const keptAfterPowerCut = Effect.fnUntraced(function* (whole: string, startParams: Array<string>) {
  const root = yield* inDirectory
  const [memory, disk] = [join(root, "memory"), join(root, "disk")]
  for (const copy of [memory, disk]) cpSync(whole, copy, { recursive: true })
  const database = yield* open(forgetful(memory, disk), startParams)
  for (let value = 0; value < commits; value++) yield* Effect.promise(() => database.query("insert into kept values ($1)", [value]))
  const after = yield* open(makeDurableFiles(disk), durableParameters)
  const { rows } = yield* Effect.promise(() => after.query<{ count: number }>("select count(*)::int as count from kept"))
  return rows[0]?.count ?? 0
}, Effect.scoped)

describe("the embedded database's files", () => {
  it.live(
    "hold every acknowledged commit after a power cut, which PGlite's own parameters do not see to",
    () =>
      Effect.gen(function* () {
        const whole = join(yield* inDirectory, "whole")
        yield* Effect.scoped(
          Effect.flatMap(open(makeDurableFiles(whole), durableParameters, template), (database) =>
            Effect.promise(() => database.exec("create table kept (value int)"))
          )
        )
        assert.strictEqual(yield* keptAfterPowerCut(whole, durableParameters), commits)
        assert.isBelow(yield* keptAfterPowerCut(whole, PGlite.defaultStartParams), commits)
      }).pipe(Effect.scoped),
    60_000
  )
})
