/** Graphs of fair values for tests: sources that said something of coins whose values are given. */
import type { Graph } from "../../src/value/Graph.ts"

export interface Said {
  readonly base: number
  /** -1: the currency. */
  readonly quote?: number
  /** Log price, bps. */
  readonly bps: number
  readonly errorBps?: number
  /** Unix ms. */
  readonly time?: number
}

export const graphOf = (valueBps: ReadonlyArray<number>, said: ReadonlyArray<Said>): Graph => ({
  coins: valueBps.length,
  sources: said.length,
  base: Int32Array.from(said, ({ base }) => base),
  quote: Int32Array.from(said, ({ quote = -1 }) => quote),
  observed: Float64Array.from(said, ({ bps }) => bps),
  time: Float64Array.from(said, ({ time = 0 }) => time),
  sourceErrorBps: Float64Array.from(said, ({ errorBps = 2 }) => errorBps),
  valueBps: Float64Array.from(valueBps)
})
