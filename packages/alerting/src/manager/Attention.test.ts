import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { alertFor } from "../../test/support/Notification.ts"
import { services } from "../../test/support/Services.ts"
import { Silencing } from "../mute/Silencing.ts"
import { Acknowledging } from "./Acknowledging.ts"
import { AlertTable } from "./AlertTable.ts"
import { Attention, noAttention } from "./Attention.ts"

describe("Attention", () => {
  it.live("says of each alert that fires who looks at it as it is now, and which silences hold it back", () =>
    Effect.gen(function* () {
      const attention = yield* Attention
      const table = yield* AlertTable
      const alerts = [alertFor({ fingerprint: "a" }), alertFor({ fingerprint: "b", labels: { coin: "DAI" } })]
      const set = (level: "critical" | "warning", position: number) =>
        Effect.forEach(alerts, (alert) => table.apply({ alert: { ...alert, level }, openedPosition: 1, position }), { discard: true })
      yield* set("warning", 1)
      assert.deepStrictEqual(yield* attention.of(alerts), [noAttention, noAttention])
      yield* (yield* Acknowledging).acknowledge("a", { by: "ann", comment: "on it" })
      const silence = yield* (yield* Silencing).set({ matchers: ['coin="DAI"'], minutes: 5, createdBy: "bob", comment: "window" })
      const [first, second] = yield* attention.of(alerts)
      assert.deepInclude(first?.acknowledged, { by: "ann", comment: "on it" })
      assert.isEmpty(first?.silencedBy)
      assert.deepStrictEqual(second, {
        acknowledged: null,
        silencedBy: [{ id: silence.id, createdBy: "bob", comment: "window", endsAt: silence.endsAt }]
      })
      // Worse than what ann has seen.
      yield* set("critical", 2)
      assert.isNull((yield* attention.of(alerts))[0]?.acknowledged)
      assert.deepStrictEqual(yield* attention.of([{ ...alerts[1]!, status: "resolved" }]), [noAttention])
    }).pipe(Effect.provide(Layer.merge(Attention.layer, Silencing.layer).pipe(Layer.provideMerge(services))))
  )
})
