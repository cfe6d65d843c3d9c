import { assert, describe, it } from "@effect/vitest"
import { minute, startsAt, termsOf } from "../../test/support/Covers.ts"
import { Silence } from "./Silence.ts"

describe("Silence", () => {
  it("says that a coin has given no reading for long, for how long, and that it gives one again", () => {
    let now = startsAt
    const silence = new Silence(() => now)
    const problems = () => silence.look([termsOf()]).map(({ problem }) => problem)
    now += 9 * minute
    assert.deepStrictEqual(problems(), [])
    now += 3 * minute
    assert.include(problems()[0], "no reading of USDC was taken for 12 minutes")
    silence.heard("USDC")
    assert.deepStrictEqual(problems(), [""])
    assert.deepStrictEqual(problems(), [], "once")
  })

  it("minds the cover's period, and covers that are met need none", () => {
    let now = startsAt - 60 * minute
    const silence = new Silence(() => now)
    now = startsAt + minute
    assert.deepStrictEqual(silence.look([termsOf()]), [], "before the period nobody needs readings")
    now = startsAt + 11 * minute
    assert.strictEqual(silence.look([termsOf()]).length, 1)
    assert.deepStrictEqual(silence.look([]), [{ coin: "USDC", problem: "" }])
    now = startsAt + 25 * 60 * minute
    assert.deepStrictEqual(silence.look([termsOf()]), [], "nor after it")
  })
})
