import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer } from "effect"
import { EventStore } from "../event/EventStore.ts"
import { layerPglite } from "./Database.ts"

describe("the embedded database on disk", () => {
  it.live(
    "keeps what was written over a restart, and one process at a time",
    () =>
      Effect.gen(function* () {
        const files = yield* FileSystem.FileSystem
        const directory = `${yield* files.makeTempDirectoryScoped()}/data`
        const open = EventStore.layer.pipe(Layer.provideMerge(layerPglite(directory)), Layer.provideMerge(NodeServices.layer))
        const append = Effect.flatMap(EventStore, (events) => events.append("coin/USDC", 0, [{ kind: "LevelChanged", payload: {} }]))
        yield* Effect.provide(append, open)
        assert.strictEqual(
          yield* Effect.provide(
            Effect.flatMap(EventStore, ({ verify }) => verify),
            open
          ),
          1
        )
        // Process 1 lives as long as the machine does.
        yield* files.writeFileString(`${directory}.lock`, "1")
        const locked = yield* Effect.flip(Effect.provide(Effect.void, open))
        assert.deepInclude(locked, { _tag: "DatabaseLocked", processId: 1 })
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    60_000
  )
})
