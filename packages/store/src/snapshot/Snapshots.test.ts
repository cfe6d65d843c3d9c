import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { databases } from "../../test/support/Databases.ts"
import { Snapshots } from "./Snapshots.ts"

for (const [name, database] of databases) {
  layer(Snapshots.layer.pipe(Layer.provideMerge(database)), { timeout: "60 seconds", excludeTestServices: true })(
    `Snapshots on ${name}`,
    (it) => {
      it.effect("keeps the newest bytes under a name, also megabytes of them", () =>
        Effect.gen(function* () {
          const snapshots = yield* Snapshots
          assert.isTrue(Option.isNone(yield* snapshots.load("detectors")))
          const bytes = Uint8Array.from({ length: 3 << 20 }, (_, index) => (index * 31) & 255)
          yield* snapshots.save("detectors", 5, bytes)
          yield* snapshots.save("detectors", 3, Uint8Array.of(1))
          const kept = Option.getOrThrow(yield* snapshots.load("detectors"))
          assert.strictEqual(kept.position, 5)
          assert.isTrue(Buffer.from(bytes).equals(kept.payload))
          yield* snapshots.save("detectors", 5, Uint8Array.of(2))
          assert.deepStrictEqual([...Option.getOrThrow(yield* snapshots.load("detectors")).payload], [2])
        })
      )
    }
  )
}
