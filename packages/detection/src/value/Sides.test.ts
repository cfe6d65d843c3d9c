import { assert, describe, it } from "@effect/vitest"
import { graphOf, type Said } from "../../test/support/Graphs.ts"
import { Sides } from "./Sides.ts"

const minute = 60_000
const usdc = (bps: number, over: Partial<Said> = {}): Said => ({ base: 0, bps, ...over })
/** Sides of one coin of value 0, as of `now`. */
const taken = (said: ReadonlyArray<Said>, now = 0, venues = said.map(() => -1)) => {
  const graph = graphOf([0], said)
  const sides = new Sides(graph, venues)
  return { graph, sides, changed: sides.take(now) }
}

describe("Sides", () => {
  it("leaves sources alone that agree within 50 bps and three of their errors", () => {
    const { changed, sides } = taken([usdc(-30), usdc(25), usdc(110, { errorBps: 30 })])
    assert.isFalse(changed)
    assert.deepStrictEqual([...sides.apart, ...sides.disputed], [0, 0, 0, 0])
  })

  it("parts the one from two that agree, and calls one against one disputed", () => {
    assert.deepStrictEqual([...taken([usdc(-800), usdc(0), usdc(5)]).sides.apart], [1, 0, 0])
    const { sides } = taken([usdc(-800), usdc(0)])
    assert.strictEqual(sides.disputed[0], 1)
  })

  it("weighs a source half as much for two minutes of age: of two that fell silent and one that speaks the one decides", () => {
    const said = [usdc(-800, { time: 8 * minute }), usdc(0), usdc(5)]
    assert.deepStrictEqual([...taken(said, 8 * minute).sides.apart], [0, 1, 1])
  })

  it("counts pairs of one venue once", () => {
    const said = [usdc(-800), usdc(-801), usdc(0), usdc(3)]
    assert.strictEqual(taken(said, 0, [0, 0, 1, 2]).sides.disputed[0], 0)
    assert.strictEqual(taken(said, 0, [0, 0, 1, 1]).sides.disputed[0], 1)
  })

  it("trusts a source less the longer it was wrong, learns nothing of a dispute, and of a minute at most from one solve", () => {
    const { sides } = taken([usdc(-800), usdc(0), usdc(5)])
    sides.resume(0)
    sides.learn(24 * 60 * minute)
    assert.isAbove(sides.save(0)[1], 0.99)
    for (let at = 1; at <= 720; at++) sides.learn(24 * 60 * minute + at * minute)
    assert.closeTo(sides.save(0)[1], Math.exp(-0.5), 0.01)
    assert.strictEqual(sides.save(1)[1], 1)
    const disputed = taken([usdc(-800), usdc(0)]).sides
    disputed.resume(0)
    for (let at = 1; at <= 720; at++) disputed.learn(at * minute)
    assert.deepStrictEqual([disputed.save(0)[1], disputed.save(1)[1]], [1, 1])
  })

  it("lets the last one that speaks stand apart from nobody", () => {
    const { graph, sides } = taken([usdc(-800), usdc(0), usdc(5)])
    graph.sourceErrorBps.fill(Number.POSITIVE_INFINITY, 1)
    assert.isTrue(sides.take(0))
    assert.deepStrictEqual([...sides.apart], [0, 0, 0])
  })
})
