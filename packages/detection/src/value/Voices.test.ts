import { assert, describe, it } from "@effect/vitest"
import { Voices } from "./Voices.ts"

type Said = readonly [bps: number, errorBps: number, venue?: number]

const weighed = (...said: ReadonlyArray<Said>) => {
  const voices = new Voices(4)
  voices.begin()
  for (const [at, [bps, error, venue = at]] of said.entries()) voices.add(venue, bps, error, at)
  return voices.weigh() ? voices : undefined
}

describe("Voices", () => {
  it("says nothing where nobody speaks, also after somebody did", () => {
    assert.isUndefined(weighed())
    const voices = weighed([10, 1])!
    voices.begin()
    assert.isFalse(voices.weigh())
  })

  it("doubles the error of one that nobody contradicts", () => {
    assert.deepInclude(weighed([10, 3]), { bps: 10, errorBps: 6, venues: 1 })
  })

  it("outvotes one of three however narrow its quote, in whatever order they come", () => {
    const said: ReadonlyArray<Said> = [
      [-400, 0.5, 0],
      [1, 4, 1],
      [3, 4, 2]
    ]
    for (const [a, b, c] of [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0]
    ] as const) {
      const voices = weighed(said[a]!, said[b]!, said[c]!)!
      assert.deepInclude(voices, { bps: 1, venues: 3 })
      assert.closeTo(voices.errorBps, Math.hypot(4, 2), 1e-9)
    }
  })

  it("is as unsure of two as they are apart, whichever is the surer", () => {
    assert.isAbove(weighed([-400, 0.5], [0, 5])!.errorBps, 399)
    assert.isAbove(weighed([-400, 5], [0, 0.5])!.errorBps, 399)
    assert.isBelow(weighed([1, 0.5], [0, 5])!.errorBps, 6)
  })

  it("counts a venue once, by the surer of what it says", () => {
    assert.deepInclude(weighed([-400, 3, 7], [-401, 2, 7], [-402, 4, 7]), { bps: -401, errorBps: 4, venues: 1 })
  })

  it("leaves out those for whom there is no room", () => {
    assert.strictEqual(weighed([0, 1], [1, 1], [2, 1], [3, 1], [900, 1])!.venues, 4)
  })
})
