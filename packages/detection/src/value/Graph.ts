/**
 * The graph of fair values as its parts share it: coins as nodes, currencies as the ground, sources as edges with what each said last.
 * Plain state; nothing here decides anything.
 */
export interface Graph {
  readonly coins: number
  readonly sources: number
  /** Coin numbers by source, -1 for the ground. */
  readonly base: Int32Array
  readonly quote: Int32Array
  /** Log price that the source gave last, bps, and when, Unix ms. */
  readonly observed: Float64Array
  readonly time: Float64Array
  /** Standard deviation that the source has by now, bps; infinite for one that says nothing. */
  readonly sourceErrorBps: Float64Array
  /** Log value against the peg, bps, by coin. */
  readonly valueBps: Float64Array
}

export const isLive = ({ sourceErrorBps }: Graph, source: number): boolean => sourceErrorBps[source] !== Number.POSITIVE_INFINITY

/** Log value of the source's base against its peg by this source alone, bps. */
export const ownValueBps = ({ observed, quote, valueBps }: Graph, source: number): number => {
  const other = quote[source]!
  return observed[source]! + (other < 0 ? 0 : valueBps[other]!)
}
