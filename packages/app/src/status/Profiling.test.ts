import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { ThreadProfiles } from "@evenkeel/runtime/worker/ThreadProfiles"
import { Deferred, Effect, Fiber, FileSystem } from "effect"
import { makeProfiling } from "./Profiling.ts"

describe("Profiling", () => {
  it.live(
    "writes profiles that its user alone may read, one at a time, and keeps the newest",
    () =>
      Effect.gen(function* () {
        const files = yield* FileSystem.FileSystem
        const data = yield* files.makeTempDirectoryScoped()
        const begun = yield* Deferred.make<void>()
        const threads = new Map([
          [
            "hotpath",
            {
              startCpuProfile: () => {
                Deferred.doneUnsafe(begun, Effect.void)
                return Promise.resolve({ stop: () => Promise.resolve('{"nodes":[]}') })
              }
            }
          ]
        ])
        const { profile } = yield* makeProfiling(data).pipe(Effect.provideService(ThreadProfiles, threads))
        const first = yield* Effect.forkChild(profile("hotpath", 0.05))
        yield* Deferred.await(begun)
        const refused = yield* Effect.flip(profile("main", 0.05))
        assert.include(refused.problem, "another profile is being taken")
        const file = yield* Fiber.join(first)
        assert.strictEqual(yield* files.readFileString(file.path), '{"nodes":[]}')
        assert.strictEqual((yield* files.stat(file.path)).mode & 0o777, 0o600)
        const main = yield* profile("main", 0.02)
        const { nodes } = JSON.parse(yield* files.readFileString(main.path)) as { readonly nodes: ReadonlyArray<unknown> }
        assert.isNotEmpty(nodes)
        for (let n = 0; n < 5; n++) yield* profile("hotpath", 0.002)
        assert.lengthOf(yield* files.readDirectory(`${data}/profiles`), 4)
        threads.clear()
        assert.include((yield* Effect.flip(profile("hotpath", 0.01))).problem, "no thread hotpath runs")
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    30_000
  )
})
