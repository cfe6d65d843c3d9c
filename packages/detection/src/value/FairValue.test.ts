import { assert, describe, it } from "@effect/vitest"
import { FairValue } from "./FairValue.ts"

const [USDC, USDT, DAI, TUSD] = [0, 1, 2, 3]
const anchors = [1.2, 2.5, 1, 1]
const ground = -1
const minute = 60_000

/** Prices `price` (base in quote) of each edge, each good to 2 bps, all at time 0. */
const solved = (edges: ReadonlyArray<readonly [base: number, quote: number, price: number, errorBps?: number]>, now = 0) => {
  const value = new FairValue(
    edges.map(([base, quote]) => [base, quote]),
    anchors
  )
  edges.forEach(([, , price, error = 2], source) => value.observe(source, price, error, 0))
  value.solve(now)
  return value
}
const bps = (price: number) => Math.log(price) * 1e4

describe("FairValue", () => {
  it("blames the coin that moved against everything and leaves the others", () => {
    const value = solved([
      [USDC, ground, 0.9],
      [USDC, USDT, 0.8911],
      [USDT, ground, 1.01],
      [USDT, ground, 1.0102],
      [DAI, USDC, 1.1],
      [DAI, USDT, 0.98]
    ])
    assert.closeTo(value.valueBps[USDC]!, bps(0.9), 5)
    assert.closeTo(value.valueBps[USDT]!, bps(1.01), 5)
    assert.closeTo(value.valueBps[DAI]!, bps(0.99), 5)
    assert.deepStrictEqual([...value.grounded], [1, 1, 1, 0])
  })

  it("is not moved by one wrong source among several", () => {
    const value = solved([
      [USDC, ground, 1],
      [USDC, ground, 1.0001],
      [USDC, USDT, 0.9999],
      [USDT, ground, 1],
      [USDC, ground, 0.8997, 3]
    ])
    assert.isBelow(Math.abs(value.valueBps[USDC]!), 3)
    assert.isBelow(value.residualBps[4]!, -1000)
  })

  it("names a lone pair's weaker coin, wholly, and says that it is not grounded", () => {
    const value = solved([[USDC, USDT, 0.99]])
    assert.closeTo(value.valueBps[USDC]!, bps(0.99), 2)
    assert.closeTo(value.valueBps[USDT]!, 0, 1)
    assert.strictEqual(value.grounded[USDC], 0)
  })

  it("reads a lone pair both ways, and believes the larger coin to have fallen less than the smaller to have risen", () => {
    const rise = solved([[TUSD, USDT, 1.006]])
    assert.closeTo(rise.readingBps[USDT]!, -bps(1.006), 2)
    assert.closeTo(rise.readingBps[TUSD]!, bps(1.006), 2)
    assert.isAbove(rise.share[TUSD]!, 0.5)
    assert.isAbove(rise.share[USDT]!, 0.1)
    assert.closeTo(rise.share[TUSD]! + rise.share[USDT]!, 1, 1e-9)
    const fall = solved([[TUSD, USDT, 0.994]])
    assert.isAbove(fall.share[TUSD]!, 0.85)
    const two = solved([
      [TUSD, USDT, 1.006],
      [DAI, USDT, 1.006]
    ])
    assert.isAbove(two.share[USDT]!, rise.share[USDT]!)
    const one = solved([
      [TUSD, USDT, 1.006],
      [DAI, USDT, 1]
    ])
    assert.strictEqual(one.readingBps[USDT], one.valueBps[USDT])
    assert.strictEqual(one.share[TUSD], 1)
    assert.isNaN(solved([[TUSD, ground, 1.006]]).share[TUSD]!)
  })

  it("makes no average of sources that differ: the weightiest set has the value, and one against one is disputed", () => {
    const apart = solved([
      [USDC, ground, 0.2, 1],
      [USDC, ground, 0.9991, 8],
      [USDC, ground, 0.9986, 3]
    ])
    assert.closeTo(apart.valueBps[USDC]!, -13, 3)
    assert.deepStrictEqual([...apart.apart], [1, 0, 0])
    assert.strictEqual(apart.disputed[USDC], 0)
    assert.isBelow(apart.errorBps[USDC]!, 10)
    const even = solved([
      [USDC, ground, 0.98, 2],
      [USDC, ground, 1, 2]
    ])
    assert.strictEqual(even.disputed[USDC], 1)
    assert.isAbove(even.errorBps[USDC]!, 190)
    const deep = solved([
      [USDC, ground, 0.98, 1],
      [USDC, ground, 1, 15]
    ])
    assert.closeTo(deep.valueBps[USDC]!, bps(0.98), 2)
    assert.deepStrictEqual([...deep.apart], [0, 1])
  })

  it("counts two pairs of one venue as one voice", () => {
    const edges = [0.9, 0.9001, 1].map(() => [USDC, ground] as const)
    const value = new FairValue(edges, anchors, [0, 0, 1])
    for (const [source, price] of [0.9, 0.9001, 1].entries()) value.observe(source, price, 2, 0)
    value.solve(0)
    assert.strictEqual(value.disputed[USDC], 1)
  })

  it("blames the quote coin when three coins move against it together, not when two do", () => {
    const three = solved([
      [USDC, USDT, 1.01],
      [DAI, USDT, 1.01],
      [TUSD, USDT, 1.01]
    ])
    assert.closeTo(three.valueBps[USDT]!, bps(1 / 1.01), 3)
    assert.closeTo(three.valueBps[DAI]!, 0, 2)
    const two = solved([
      [USDC, USDT, 1.01],
      [DAI, USDT, 1.01],
      [TUSD, USDT, 1]
    ])
    assert.closeTo(two.valueBps[USDT]!, 0, 2)
  })

  it("trusts a source less the older it is, and not at all after a day and two hours", () => {
    const edges = [
      [USDC, ground],
      [USDC, ground]
    ] as const
    const value = new FairValue(edges, anchors)
    value.observe(0, 0.99, 2, 0)
    value.observe(1, 1, 2, 60 * minute)
    value.solve(60 * minute)
    assert.isBelow(Math.abs(value.valueBps[USDC]!), 5)
    const fresh = value.errorBps[USDC]!
    value.solve(120 * minute)
    assert.isAbove(value.errorBps[USDC]!, fresh * 2)
    value.solve(28 * 60 * minute)
    assert.deepStrictEqual([...value.grounded], [0, 0, 0, 0])
    assert.isNaN(value.residualBps[1])
  })

  it("widens its error when sources disagree", () => {
    const close = solved([
      [USDC, ground, 1],
      [USDC, ground, 1.0001],
      [USDC, ground, 0.9999],
      [USDC, ground, 1],
      [USDC, ground, 1]
    ])
    const wide = solved([
      [USDC, ground, 1],
      [USDC, ground, 1.01],
      [USDC, ground, 0.99],
      [USDC, ground, 1.005],
      [USDC, ground, 0.995]
    ])
    assert.isAbove(wide.errorBps[USDC]!, close.errorBps[USDC]! * 3)
  })
})
