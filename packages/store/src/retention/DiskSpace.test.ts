import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { Effect, Layer, Schedule } from "effect"
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { layerPglite } from "../database/Database.ts"
import { EventStore } from "../event/EventStore.ts"
import { MarketJournal } from "../journal/MarketJournal.ts"
import { Outbox } from "../outbox/Outbox.ts"
import { Retention, retentionDefaults } from "./Retention.ts"

const mebibyte = 1 << 20
const diskMebibytes = 320

const mount = (directory: string) => spawnSync("mount", ["-t", "tmpfs", "-o", `size=${diskMebibytes}m`, "tmpfs", directory]).status === 0
const unmount = (directory: string) => {
  spawnSync("umount", [directory])
  rmSync(directory, { recursive: true, force: true })
}
const newDirectory = () => mkdtempSync(`${tmpdir()}/evenkeel-disk-`)

const allowed = ((): boolean => {
  const directory = newDirectory()
  const done = mount(directory)
  unmount(directory)
  return done
})()

/** What somebody else writes until nothing is left. */
const fill = (path: string) => void spawnSync("dd", ["if=/dev/zero", `of=${path}`, "bs=64k", "oflag=append", "conv=notrunc"])

describe.skipIf(!allowed)("a full disk (needs the right to mount, else left out)", () => {
  it.live(
    "lets an alert's facts be written all the same: old segments go first, then the reserve, and the journal leaves what is left alone",
    () =>
      Effect.gen(function* () {
        const directory = yield* Effect.acquireRelease(Effect.sync(newDirectory), (path) => Effect.sync(() => unmount(path)))
        assert.isTrue(mount(directory))
        mkdirSync(`${directory}/journal`)
        for (const name of ["000001", "000002", "000003"])
          writeFileSync(`${directory}/journal/${name}.journal`, new Uint8Array(8 * mebibyte))
        const manifest = { startedAt: 0, barMillis: 60_000, coins: [], venues: [], instruments: [] }
        const layer = Layer.mergeAll(
          Retention.layer({ ...retentionDefaults, directory }),
          MarketJournal.layer({ directory: `${directory}/journal`, manifest })
        ).pipe(
          Layer.provideMerge(Outbox.layer),
          Layer.provideMerge(EventStore.layer),
          Layer.provideMerge(layerPglite(`${directory}/database`)),
          Layer.provideMerge(Supervisor.layer.pipe(Layer.provideMerge(HealthRegistry.layer), Layer.provideMerge(NodeServices.layer)))
        )
        yield* Effect.gen(function* () {
          const events = yield* EventStore
          const health = yield* HealthRegistry
          const journal = yield* MarketJournal
          const status = Effect.map(health.snapshot, (all) => all.find(({ component }) => component === "retention:disk"))
          yield* Effect.andThen(Effect.sleep("100 millis"), status).pipe(
            Effect.repeat({ until: (seen) => seen?.status === "running" }),
            Effect.timeoutOption("10 seconds")
          )
          fill(`${directory}/filler`)
          const payload = "x".repeat(4 * mebibyte)
          let position = 0
          const breaks = Effect.gen(function* () {
            position = (yield* events.append("coin/USDC", "any", [{ kind: "LevelChanged", payload }])).position
          })
          yield* Effect.retry(breaks, Schedule.spaced("500 millis")).pipe(Effect.timeoutOption("40 seconds"))
          assert.isAbove(position, 0, "the fact is written")
          assert.isFalse(existsSync(`${directory}/journal/000001.journal`), "the oldest segment went first")
          assert.isTrue(existsSync(`${directory}/journal/000003.journal`), "the newest stays")
          // The database has written what it had to: the rest is not the journal's.
          assert.isFalse(readdirSync(directory).includes("reserve"))
          const before = yield* journal.stats
          journal.append(new Uint8Array(64), 0, 64)
          yield* Effect.ignore(journal.flush)
          assert.strictEqual((yield* journal.stats).bytesWritten, before.bytesWritten)
          assert.strictEqual((yield* journal.stats).dropped, before.dropped + 1)
          yield* breaks
          // Somebody tidies up.
          rmSync(`${directory}/filler`)
          yield* Effect.andThen(Effect.sleep("100 millis"), status).pipe(Effect.repeat({ until: (seen) => seen!.status === "running" }))
          assert.isTrue(readdirSync(directory).includes("reserve"))
        }).pipe(Effect.provide(layer))
      }).pipe(Effect.scoped),
    120_000
  )
})
