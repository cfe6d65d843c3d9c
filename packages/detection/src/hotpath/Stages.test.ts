import { assert, describe, it } from "@effect/vitest"
import { allocateStages, sampleEvery, stage, stageHistograms, Stages } from "./Stages.ts"

const made = () => {
  const memory = allocateStages()
  let now = 0
  const stages = new Stages(memory, () => now)
  return { stages, seen: stageHistograms(memory), pass: (nanos: number) => (now += nanos), at: () => now }
}

describe("Stages", () => {
  it("gives each part its own time, and not that of what it calls", () => {
    const { at, pass, seen, stages } = made()
    pass(100)
    stages.begin(40, at())
    pass(5)
    const before = stages.enter(stage.decode)
    pass(20)
    const inside = stages.enter(stage.book)
    pass(3)
    stages.enter(stage.value)
    pass(30)
    stages.leave(inside)
    pass(10)
    stages.leave(before)
    pass(2)
    stages.end()
    assert.strictEqual(seen.ring_wait.quantile(1), 60)
    assert.strictEqual(seen.decode.quantile(1), 30)
    assert.strictEqual(seen.book.quantile(1), 3)
    assert.strictEqual(seen.value.quantile(1), 30)
    assert.strictEqual(seen.signal.quantile(1), 7)
  })

  it("measures one frame in so many, and every bar", () => {
    const { at, pass, seen, stages } = made()
    for (let frame = 0; frame < 2 * sampleEvery; frame++) {
      stages.begin(at(), at())
      const before = stages.enter(stage.decode)
      pass(10)
      stages.leave(before)
      stages.beginBar()
      const bar = stages.enter(stage.model)
      pass(7)
      stages.leave(bar)
      stages.decided(at() - 17)
      stages.end()
    }
    assert.strictEqual(seen.decode.count(), 2)
    assert.strictEqual(seen.ring_wait.count(), 2)
    assert.strictEqual(seen.model.count(), 2 * sampleEvery)
    assert.strictEqual(seen.level.count(), 2 * sampleEvery)
    assert.strictEqual(seen.level.quantile(0.5), 17)
  })

  it("says of a venue's time whether it tells how long an event took", () => {
    const { seen, stages } = made()
    assert.strictEqual(stages.received(1000, 1025), "timed")
    assert.strictEqual(stages.received(1000, 990), "ahead")
    assert.strictEqual(stages.received(Number.NaN, 990), "untimed")
    assert.strictEqual(stages.received(0, 1.7e12), "untimed")
    assert.strictEqual(seen.receive.count(), 1)
    assert.closeTo(seen.receive.quantile(1), 25e6, 25e6 / 64)
  })
})
