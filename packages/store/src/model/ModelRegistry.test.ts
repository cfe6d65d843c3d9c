import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { SqlClient } from "effect/sql"
import { databases } from "../../test/support/Databases.ts"
import { beginning, EventStore } from "../event/EventStore.ts"
import { ModelRegistry, type ModelStatus, registryStream } from "./ModelRegistry.ts"

for (const [name, database] of databases) {
  layer(ModelRegistry.layer.pipe(Layer.provideMerge(EventStore.layer), Layer.provideMerge(database)), {
    timeout: "60 seconds",
    excludeTestServices: true
  })(`ModelRegistry on ${name}`, (it) => {
    const add = (model: string, status: ModelStatus, at: number) =>
      Effect.flatMap(ModelRegistry, (registry) =>
        registry.add({ name: model, sha256: `sha of ${model}`, bytes: Uint8Array.of(at), status, at })
      )
    const champion = Effect.flatMap(ModelRegistry, (registry) => Effect.map(registry.champion, Option.getOrThrow))
    const facts = Effect.gen(function* () {
      const read = yield* (yield* EventStore).read({ after: beginning, limit: 100, stream: registryStream })
      return read.map(({ kind, payload }) => [kind, JSON.parse(payload) as unknown] as const)
    })

    it.effect("keeps a model's bytes under one version, however often it is added", () =>
      Effect.gen(function* () {
        const registry = yield* ModelRegistry
        assert.strictEqual(yield* add("first", "champion", 1), 1)
        assert.strictEqual(yield* add("second", "challenger", 2), 2)
        assert.strictEqual(yield* add("third", "challenger", 3), 3)
        assert.strictEqual(yield* add("second", "champion", 4), 2)
        assert.deepStrictEqual([...(yield* registry.bytesOf(2))], [2])
        assert.deepInclude(yield* champion, { version: 1, promotedAt: 1 })
        assert.include((yield* Effect.flip(registry.bytesOf(9))).message, "there is no model version 9")
      })
    )

    it.effect("promotes, goes back champion by champion, and appends each change to the log", () =>
      Effect.gen(function* () {
        const registry = yield* ModelRegistry
        yield* registry.promote(2, 10)
        yield* registry.promote(2, 11)
        yield* registry.promote(3, 12)
        assert.strictEqual(yield* registry.rollback(13, "ann"), 2)
        assert.strictEqual(yield* registry.rollback(14), 1, "a model that was retired by a rollback is not gone back to")
        assert.include((yield* Effect.flip(registry.rollback(15))).message, "nothing to go back to")
        assert.deepInclude(yield* champion, { version: 1, promotedAt: 14 })
        const added = (version: number, model: string, status: ModelStatus) =>
          ["ModelAdded", { version, name: model, sha256: `sha of ${model}`, status }] as const
        assert.deepStrictEqual(yield* facts, [
          added(1, "first", "champion"),
          ["ModelPromoted", { version: 1, former: null }],
          added(2, "second", "challenger"),
          added(3, "third", "challenger"),
          ["ModelPromoted", { version: 2, former: 1 }],
          ["ModelPromoted", { version: 3, former: 2 }],
          ["ModelRolledBack", { version: 2, retired: 3, by: "ann" }],
          ["ModelRolledBack", { version: 1, retired: 2 }]
        ])
      })
    )

    it.effect("changes the table and the log together or not at all", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const registry = yield* ModelRegistry
        const before = yield* facts
        yield* registry.promote(3, 20).pipe(Effect.andThen(Effect.fail("crash")), sql.withTransaction, Effect.flip)
        assert.include((yield* Effect.flip(registry.promote(9, 20))).message, "there is no model version 9")
        assert.deepInclude(yield* champion, { version: 1 })
        assert.deepStrictEqual(yield* facts, before)
      })
    )

    it.effect("keeps recalibrations in the log, the last for as long as no other version becomes the champion", () =>
      Effect.gen(function* () {
        const registry = yield* ModelRegistry
        const recalibration = registry.recalibration("live")
        assert.isTrue(Option.isNone(yield* recalibration))
        const horizon = { minutes: 60, from: 0, to: -0.5, seen: 1, expected: 9 }
        yield* registry.recalibrate({ engine: "live", version: 1, reason: "evidence", horizons: [horizon] })
        const last = { engine: "live", version: 1, reason: "evidence", horizons: [{ ...horizon, from: -0.5, to: -0.7 }] } as const
        yield* registry.recalibrate(last)
        yield* registry.recalibrate({ ...last, engine: "other", horizons: [horizon] })
        assert.deepStrictEqual(Option.getOrThrow(yield* recalibration), last)
        yield* registry.promote(2, 25)
        assert.isTrue(Option.isNone(yield* recalibration))
        yield* registry.promote(1, 26)
        assert.isTrue(Option.isNone(yield* recalibration), "what was learned before another served is gone")
      })
    )

    it.effect("has one champion after promotions at the same time", () =>
      Effect.gen(function* () {
        const registry = yield* ModelRegistry
        yield* Effect.forEach([2, 3, 1, 2, 3], (version, index) => registry.promote(version, 30 + index), { concurrency: "unbounded" })
        const champions = (yield* registry.list).filter(({ status }) => status === "champion")
        assert.lengthOf(champions, 1)
        const last = (yield* facts).at(-1)
        assert.deepInclude(last?.[1], { version: champions[0]!.version })
      })
    )
  })
}
