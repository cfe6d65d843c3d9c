import { assert, describe, it } from "@effect/vitest"
import { beginning, EventStore } from "@evenkeel/store/event/EventStore"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { services } from "../../test/support/Services.ts"
import { SilenceTable } from "./SilenceTable.ts"
import { silencesFamily, Silencing } from "./Silencing.ts"

const draft = { matchers: ['coin="USDC"'], minutes: 10, createdBy: "ann", comment: "known" }

describe("Silencing", () => {
  it.effect("sets a silence from now on, ends it, and writes both into the log with who and why", () =>
    Effect.gen(function* () {
      const silencing = yield* Silencing
      const { id, startsAt, state } = yield* silencing.set(draft)
      assert.strictEqual(state, "active")
      yield* TestClock.adjust("4 minutes")
      const ended = yield* silencing.expire(id, "bob")
      assert.deepInclude(ended, {
        state: "expired",
        startsAt,
        endsAt: startsAt + 240_000,
        createdBy: "ann",
        comment: "known",
        endedBy: "bob"
      })
      assert.strictEqual((yield* Effect.flip(silencing.expire(id)))._tag, "NoSuchSilence")
      const facts = yield* (yield* EventStore).read({ after: beginning, limit: 10, families: [silencesFamily] })
      assert.deepStrictEqual(
        facts.map(({ payload }) => (JSON.parse(payload) as { endsAt: number }).endsAt - startsAt),
        [600_000, 240_000]
      )
    }).pipe(Effect.provide(Silencing.layer.pipe(Layer.provideMerge(services))))
  )

  it.effect("forgets nothing of a silence that has run out, and does not let it stand", () =>
    Effect.gen(function* () {
      const silencing = yield* Silencing
      yield* silencing.set(draft)
      yield* TestClock.adjust("10 minutes")
      assert.deepStrictEqual(
        (yield* silencing.list(10)).map(({ state }) => state),
        ["expired"]
      )
      assert.deepStrictEqual(yield* (yield* SilenceTable).standing((yield* silencing.list(10))[0]!.endsAt), [])
    }).pipe(Effect.provide(Silencing.layer.pipe(Layer.provideMerge(services))))
  )
})
