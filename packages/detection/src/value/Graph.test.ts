import { assert, describe, it } from "@effect/vitest"
import { graphOf } from "../../test/support/Graphs.ts"
import { isLive, ownValueBps } from "./Graph.ts"

describe("Graph", () => {
  it("tells what a source says of its base, through the value of its quote", () => {
    const graph = graphOf(
      [0, 30],
      [
        { base: 0, quote: 1, bps: -50 },
        { base: 0, bps: -19, errorBps: Number.POSITIVE_INFINITY }
      ]
    )
    assert.strictEqual(ownValueBps(graph, 0), -20)
    assert.strictEqual(ownValueBps(graph, 1), -19)
    assert.deepStrictEqual([isLive(graph, 0), isLive(graph, 1)], [true, false])
  })
})
