import { assert, describe, it } from "@effect/vitest"
import { levelsDigest } from "./LevelsDigest.ts"

const digest = (text: string) => levelsDigest(Buffer.from(text))
/** The work of one call, in ms of this thread's processor time. */
const costOf = (body: Uint8Array): number => {
  const before = process.threadCpuUsage()
  levelsDigest(body)
  const { system, user } = process.threadCpuUsage(before)
  return (user + system) / 1000
}

describe("levelsDigest", () => {
  it("is the same for the same levels, whatever times, ids and spaces stand around them", () => {
    const first = digest('{"u":1,"asks":[["1.001","5"],["1.002","7"]],"bids":[ [ "0.999", "4" ] ],"ts":[17]}')
    assert.strictEqual(digest('{"u":2, "asks": [["1.001","5"],\n["1.002","7"]],"bids":[["0.999","4"]],"ts":[18]}'), first)
    const wrapped = digest('{"result":{"data":[{"t":1,"asks":[["1.001","5"]]}]}}')
    assert.strictEqual(digest('{"result":{"data":[{"t":2,"asks":[["1.001","5"]]}]}}'), wrapped)
  })

  it("differs when a price or an amount does", () => {
    const first = digest('{"asks":[["1.001","5"]],"bids":[["0.999","4"]]}')
    assert.notStrictEqual(digest('{"asks":[["1.001","6"]],"bids":[["0.999","4"]]}'), first)
    assert.notStrictEqual(digest('{"asks":[["1.001","5"]],"bids":[["0.998","4"]]}'), first)
    assert.notStrictEqual(digest("[[1.001,3,5]]"), digest("[[1.001,3,6]]"))
  })

  it("reads levels that are objects by their prices and amounts", () => {
    const first = digest('{"bids":[{"price":"0.999","amount":"4","timestamp":"1"}]}')
    assert.strictEqual(digest('{"bids":[{"price":"0.999","amount":"4","timestamp":"2"}]}'), first)
    assert.notStrictEqual(digest('{"bids":[{"price":"0.999","amount":"5","timestamp":"1"}]}'), first)
  })

  it("takes no bracket in a string for a list", () => {
    assert.strictEqual(digest('{"note":"[[","asks":[[1,2]]}'), digest('{"note":"\\"]]","asks":[[1,2]]}'))
  })

  it("needs under 100 ms for 1 MB of any hostile body", () => {
    const million = 1 << 20
    const bodies = ["[", "[[", "[[],", "[ ", '"price"', '"price" ', '"price":"', '{"price":', "]", "[[1]", '"', "\\"]
    for (const part of bodies) {
      const body = Buffer.from(part.repeat(million / part.length))
      assert.isBelow(costOf(body), 100, part)
    }
    assert.isBelow(costOf(Buffer.from(`"price"${" ".repeat(million)}`)), 100, "spaces")
  })
})
