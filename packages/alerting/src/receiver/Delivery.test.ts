import { assert, describe, it } from "@effect/vitest"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { Effect, Layer } from "effect"
import { makeDelivery, withoutSecrets } from "./Delivery.ts"

describe("a delivery in parts", () => {
  it.effect("remembers what was taken until all of it was, of no more notifications than it can hold", () =>
    Effect.gen(function* () {
      const delivery = yield* makeDelivery("desk")
      delivery.takenOf("first").add("a")
      assert.deepStrictEqual([...delivery.takenOf("first")], ["a"])
      delivery.forget("first")
      assert.deepStrictEqual([...delivery.takenOf("first")], [])
      delivery.takenOf("first").add("b")
      for (let index = 0; index < 999; index++) delivery.takenOf(`${index}`).add("a")
      assert.deepStrictEqual([...delivery.takenOf("first")], ["b"])
      delivery.takenOf("one more")
      assert.deepStrictEqual([...delivery.takenOf("first")], [])
    }).pipe(Effect.provide(Policies.layer().pipe(Layer.provide(HealthRegistry.layer))))
  )

  it("shows no secret, nor the rest of one that holds another", () => {
    assert.strictEqual(withoutSecrets("key, key2 and key", ["key", "", "key2"]), "…, … and …")
  })
})
