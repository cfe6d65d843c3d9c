import { assert, describe, it } from "@effect/vitest"
import { Random } from "@evenkeel/learning/data/Random"
import { FileMerge } from "./FileMerge.ts"

const walk = (files: ReadonlyArray<ReadonlyArray<number>>) => {
  const merge = new FileMerge(files.map((times) => ({ rows: times.length, times: Float64Array.from(times) })))
  const order: Array<readonly [file: number, row: number]> = []
  for (; merge.file >= 0; merge.advance()) order.push([merge.file, merge.row])
  return order
}

describe("FileMerge", () => {
  it("goes by time, and by the order of the files where times are the same", () => {
    assert.deepStrictEqual(walk([[5, 6], [1, 5, 5], [], [5]]), [
      [1, 0],
      [0, 0],
      [1, 1],
      [1, 2],
      [3, 0],
      [0, 1]
    ])
  })

  it("ends at once without rows", () => {
    assert.deepStrictEqual(walk([]), [])
    assert.deepStrictEqual(walk([[], []]), [])
  })

  it("gives the order of a stable sort, whatever the files hold", () => {
    const random = new Random(3)
    for (let trial = 0; trial < 200; trial++) {
      const files = Array.from({ length: 1 + random.below(9) }, () =>
        Array.from({ length: random.below(20) }, () => 1 + random.below(12)).sort((a, b) => a - b)
      )
      const expected = files
        .flatMap((times, file) => times.map((time, row) => ({ time, file, row })))
        .sort((a, b) => a.time - b.time || a.file - b.file || a.row - b.row)
      assert.deepStrictEqual(
        walk(files),
        expected.map(({ file, row }) => [file, row] as const)
      )
    }
  })
})
