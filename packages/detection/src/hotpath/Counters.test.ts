import { assert, describe, it } from "@effect/vitest"
import { FrameOutcome } from "@evenkeel/domain/market/FrameDecoder"
import { counterBytes, Counters, venueCounters } from "./Counters.ts"

describe("Counters", () => {
  it("counts a frame's outcome under its name, for its venue alone, and the engine's apart from all venues", () => {
    const counters = new Counters(new Uint32Array(counterBytes(2) / 4), 2)
    for (const outcome of Object.values(FrameOutcome)) for (let times = 0; times <= outcome; times++) counters.count(1, outcome)
    counters.countEngine(0)
    for (const [name, outcome] of Object.entries(FrameOutcome)) {
      assert.strictEqual(counters.ofVenue(1, venueCounters.indexOf(name as (typeof venueCounters)[number])), outcome + 1)
    }
    assert.isTrue(venueCounters.every((_, counter) => counters.ofVenue(0, counter) === 0))
    assert.strictEqual(counters.ofEngine(0), 1)
  })

  it("ignores venues that there are not", () => {
    const counters = new Counters(new Uint32Array(counterBytes(1) / 4), 1)
    counters.count(-1, 0)
    counters.count(7, 0)
    assert.strictEqual(counters.ofVenue(0, 0), 0)
    assert.strictEqual(counters.ofEngine(0), 0)
  })
})
