import { assert, describe, it } from "@effect/vitest"
import { bottleneckOf, type Load } from "./Bottleneck.ts"

const idle: Load = {
  ringFill: 0.01,
  hotPathBusy: 0.2,
  shares: [
    { stage: "decode", share: 0.39 },
    { stage: "model", share: 0.61 }
  ],
  loopUtilization: 0.3,
  loopDelayP99Millis: 4,
  recordP99Millis: 20,
  recordsWaiting: 0,
  alertLag: 0,
  outboxPending: 2,
  deliveryP99Millis: 90
}

describe("Bottleneck", () => {
  it("names none where nothing waits", () => {
    assert.isUndefined(bottleneckOf(idle))
    assert.isUndefined(bottleneckOf({ ...idle, recordP99Millis: null, deliveryP99Millis: null, shares: [] }))
  })

  it("names each one with its evidence", () => {
    const said = (over: Partial<Load>) => bottleneckOf({ ...idle, ...over })
    assert.strictEqual(
      said({ ringFill: 0.4, hotPathBusy: 0.98 }),
      "the hot path: its ring is 40% full and its thread 98% busy; model is 61% of its work"
    )
    assert.strictEqual(
      said({ ringFill: 0.4, hotPathBusy: 0.3 }),
      "the processor: the hot path's thread does not get it, its ring is 40% full and its thread 30% busy"
    )
    assert.strictEqual(said({ loopDelayP99Millis: 700 }), "the main thread: its event loop is 30% busy and late by 700 ms (p99)")
    assert.strictEqual(
      said({ recordP99Millis: 2300, recordsWaiting: 40, alertLag: 7 }),
      "the database: a level change takes 2.3 s to the log (p99), 40 wait for it and alerting is 7 facts behind"
    )
    assert.strictEqual(
      said({ outboxPending: 120, deliveryP99Millis: null }),
      "deliveries: 120 notifications wait and none was delivered in the last minute"
    )
  })

  it("looks at the path from its beginning: what is slow first makes the rest late", () => {
    assert.match(
      bottleneckOf({ ...idle, hotPathBusy: 0.99, loopUtilization: 1, recordsWaiting: 200, outboxPending: 999 }) ?? "",
      /^the hot path/
    )
  })
})
