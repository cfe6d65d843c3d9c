import { assert, describe, it } from "@effect/vitest"
import { instrumentState } from "./SignalRecord.ts"
import { InstrumentTrack } from "./Tracks.ts"

describe("InstrumentTrack", () => {
  it("knows nothing of prices and has no book at first", () => {
    const { flow, row } = new InstrumentTrack(0, -1, 0, 0)
    assert.isUndefined(flow)
    assert.isNaN(row[instrumentState.bid])
    assert.isNaN(row[instrumentState.errorBps])
    assert.strictEqual(row[instrumentState.book], 0)
  })

  it("follows order flow from the first volume on, and adds up what was traded and bought", () => {
    const track = new InstrumentTrack(0, -1, 0, 0)
    track.addVolume(100, 40)
    const { flow } = track
    track.addVolume(50, 0)
    assert.isDefined(flow)
    assert.strictEqual(track.flow, flow)
    assert.deepStrictEqual([track.volume, track.bought], [150, 40])
  })
})
