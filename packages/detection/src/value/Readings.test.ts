import { assert, describe, it } from "@effect/vitest"
import { graphOf, type Said } from "../../test/support/Graphs.ts"
import { Readings } from "./Readings.ts"

const [small, large] = [0, 1]
const anchors = [1, 2.5, 1]
const read = (
  values: ReadonlyArray<number>,
  said: ReadonlyArray<Said>,
  grounded = values.map(() => 0),
  drifting = values.map(() => false)
) => {
  const readings = new Readings(graphOf(values, said), Uint8Array.from(grounded), anchors, drifting)
  readings.read()
  return readings
}

describe("Readings", () => {
  const pair: ReadonlyArray<Said> = [{ base: small, quote: large, bps: 60 }]

  it("read a lone pair both ways, the shares of which make one", () => {
    const { readingBps, share } = read([60, 0], pair)
    assert.deepStrictEqual([...readingBps], [60, -60])
    assert.closeTo(share[small]! + share[large]!, 1, 1e-12)
    assert.isAbove(share[small]!, share[large]!)
  })

  it("give the whole move to each coin, however a solution splits it", () => {
    assert.deepStrictEqual([...read([30, -30], pair).readingBps], [60, -60])
  })

  it("read once what is grounded, what another pair contradicts, and what is above its peg by nature", () => {
    const grounded = read([60, 0], pair, [1, 1])
    assert.deepStrictEqual([...grounded.readingBps], [60, 0])
    assert.isNaN(grounded.share[large]!)
    const contradicted = read([60, 0, 0], [...pair, { base: 2, quote: large, bps: 0 }])
    assert.strictEqual(contradicted.readingBps[large], 0)
    assert.strictEqual(contradicted.share[small], 1)
    assert.strictEqual(read([1700, 0], pair, [0, 0], [true, false]).readingBps[large], 0)
  })

  it("believe a fall rather than a rise, and a large coin's fall the less the more others could have risen alone", () => {
    const rise = read([60, 0], pair).share[large]!
    const fall = read([-60, 0], [{ base: small, quote: large, bps: -60 }])
    assert.isAbove(fall.share[small]!, 0.85)
    const two = read([60, 0, 60], [...pair, { base: 2, quote: large, bps: 60 }])
    assert.isAbove(two.share[large]!, rise)
    assert.isAtMost(read([20_000, 0], pair).share[large]!, 0.6)
  })
})
