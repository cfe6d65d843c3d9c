import { assert, describe, it } from "@effect/vitest"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { closeRing, spinThenSleep } from "@evenkeel/runtime/ring/RingHeader"
import { StateTable } from "@evenkeel/runtime/ring/StateTable"
import { featureRow } from "../feature/coin/CoinFeatures.ts"
import { stateFields } from "../hotpath/SignalRecord.ts"
import { makeHotPathLoop, runHotPathLoop } from "./HotPathLoop.ts"
import { allocateHotPathMemory } from "./HotPathMemory.ts"

describe("the hot path's loop", () => {
  it("empties the rows that a thread before it left half written", () => {
    const memory = allocateHotPathMemory({ coins: 1, instruments: 1, venues: 0, framesBytes: 1 << 16, signalSlots: 16 })
    const tables = [
      [memory.state, stateFields],
      [memory.features, featureRow]
    ] as const
    for (const [buffer, fields] of tables) {
      new StateTable(buffer, fields).write(0, new Float64Array(fields))
      Atomics.add(new Int32Array(buffer), 0, 1)
    }
    closeRing(new Int32Array(memory.frames, 0, 128))
    runHotPathLoop(
      makeHotPathLoop(
        {
          memory,
          options: { coins: [coinOf("USDC")!], instruments: [], barMillis: 60_000, scoreGapMillis: 0 },
          venues: [],
          wait: spinThenSleep,
          origin: 0n,
          quietUntil: 0,
          skipFrame: false,
          levels: [],
          checkpoint: undefined
        },
        [],
        () => {},
        () => {}
      )
    )
    for (const [buffer, fields] of tables) {
      assert.strictEqual(new Int32Array(buffer)[0]! & 1, 0)
      assert.isFalse(new StateTable(buffer, fields).read(0, new Float64Array(fields)))
    }
  })
})
