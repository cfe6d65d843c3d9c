import { assert, describe, it } from "@effect/vitest"
import { hotPathStages, sampleEvery } from "@evenkeel/detection/hotpath/Stages"
import { Histogram } from "@evenkeel/runtime/telemetry/Histogram"
import { receiptsUnknown, stageNames, workShares } from "./StageSpans.ts"

describe("StageSpans", () => {
  it("has a line for each stage of the hot path", () => assert.includeMembers([...stageNames], [...hotPathStages]))

  it("lets a measured frame stand for those that are not, and a bar for itself", () => {
    const decode = new Histogram()
    const model = new Histogram()
    decode.record(32)
    model.record(32 * sampleEvery)
    const shares = new Map(workShares(new Map(Object.entries({ decode, model }))).map(({ share, stage }) => [stage, share]))
    assert.closeTo(shares.get("decode")!, 0.5, 0.02)
    assert.closeTo(shares.get("model")!, 0.5, 0.02)
    assert.deepStrictEqual(workShares(new Map()), [])
  })

  it("says where clocks do not tell how long an event took", () => {
    const receipts = [
      { venue: "kraken", timed: 9, untimed: 1, ahead: 0 },
      { venue: "okx", timed: 1, untimed: 0, ahead: 8 },
      { venue: "gate", timed: 0, untimed: 4, ahead: 0 },
      { venue: "htx", timed: 0, untimed: 0, ahead: 0 }
    ]
    assert.strictEqual(receiptsUnknown(false, receipts), "okx's clock is ahead of ours; gate gives no time")
    assert.strictEqual(receiptsUnknown(true, receipts), "the market's time is not the clock's")
  })
})
