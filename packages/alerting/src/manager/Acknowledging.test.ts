import { assert, describe, it } from "@effect/vitest"
import { beginning, EventStore } from "@evenkeel/store/event/EventStore"
import { Effect } from "effect"
import { alertFor } from "../../test/support/Notification.ts"
import { services } from "../../test/support/Services.ts"
import { acknowledgementsFamily, Acknowledging } from "./Acknowledging.ts"
import { AlertTable } from "./AlertTable.ts"

describe("Acknowledging", () => {
  it.effect("writes who looks at an alert into the log, keeps the last, and refuses what does not fire", () =>
    Effect.gen(function* () {
      const { acknowledge, of } = yield* Acknowledging
      const table = yield* AlertTable
      assert.strictEqual((yield* Effect.flip(acknowledge("f", { by: "ann", comment: "" })))._tag, "NoSuchAlert")
      yield* table.apply({ alert: alertFor({ level: "warning" }), openedPosition: 3, position: 4 })
      yield* acknowledge("f", { by: "ann", comment: "" })
      yield* acknowledge("f", { by: "bob", comment: "mine" })
      assert.deepInclude((yield* of(["f", "g"])).get("f"), { openedPosition: 3, level: "warning", by: "bob", comment: "mine" })
      const facts = yield* (yield* EventStore).read({ after: beginning, limit: 9, families: [acknowledgementsFamily] })
      assert.deepStrictEqual(
        facts.map(({ payload }) => (JSON.parse(payload) as { by: string }).by),
        ["ann", "bob"]
      )
      yield* table.apply({ alert: alertFor({ status: "resolved" }), openedPosition: 3, position: 5 })
      assert.strictEqual((yield* Effect.flip(acknowledge("f", { by: "ann", comment: "" })))._tag, "NoSuchAlert")
    }).pipe(Effect.provide(services))
  )
})
