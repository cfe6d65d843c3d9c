/**
 * Features as small whole numbers, so that a split is found by counting instead of sorting.
 *
 * A feature with no more distinct values than bins is cut halfway between each two, and a tree then finds the very splits that an exact
 * search finds. Any other is cut at quantiles. Bin 0 holds what is missing: a comparison with NaN is false, so it goes left wherever
 * a tree asks `value > threshold`.
 *
 * Thresholds are rounded to 32-bit floats downwards, because that is how they are kept where they serve: a value that is a 32-bit float
 * falls on the same side of both.
 */
import { rowsOf, type Table } from "../data/Table.ts"

export const binsMax = 255

export interface Binned {
  readonly features: number
  /** Bin of each value, by feature: `[feature * rows + row]`. */
  readonly bins: Uint8Array
  /** Upper bounds of each feature's bins from 1 on: bin b holds values above `thresholds[b - 2]` and not above `thresholds[b - 1]`. */
  readonly thresholds: ReadonlyArray<Float64Array>
  /** The least and the greatest value in each bin, by feature. */
  readonly least: ReadonlyArray<Float64Array>
  readonly greatest: ReadonlyArray<Float64Array>
}

const sampleMax = 50_000

/** The largest 32-bit float that is not above `value`. */
export const floorToFloat32 = (value: number): number => {
  const near = Math.fround(value)
  if (near <= value) return near
  const bits = new Int32Array(Float32Array.of(near).buffer)
  bits[0]! += near > 0 ? -1 : near < 0 ? 1 : 0
  return near === 0 ? -1.401298464324817e-45 : new Float32Array(bits.buffer)[0]!
}

const thresholdsOf = (table: Table, feature: number): Float64Array => {
  const rows = rowsOf(table)
  const every = Math.max(1, Math.ceil(rows / sampleMax))
  const known: Array<number> = []
  for (let row = 0; row < rows; row += every) {
    const value = table.values[row * table.features + feature]!
    if (!Number.isNaN(value)) known.push(value)
  }
  const sorted = Float64Array.from(known).sort()
  const distinct = sorted.filter((value, index) => index === 0 || value !== sorted[index - 1])
  const cuts =
    distinct.length <= binsMax
      ? Array.from({ length: Math.max(0, distinct.length - 1) }, (_, i) => (distinct[i]! + distinct[i + 1]!) / 2)
      : Array.from({ length: binsMax - 1 }, (_, i) => {
          const at = Math.floor(((i + 1) * sorted.length) / binsMax)
          return (sorted[at - 1]! + sorted[at]!) / 2
        })
  return Float64Array.from(new Set(cuts.map(floorToFloat32)))
}

export const binOf = (thresholds: Float64Array, value: number): number => {
  if (Number.isNaN(value)) return 0
  let low = 0
  let high = thresholds.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (value > thresholds[middle]!) low = middle + 1
    else high = middle
  }
  return low + 1
}

export const binTable = (table: Table): Binned => {
  const rows = rowsOf(table)
  const thresholds = Array.from({ length: table.features }, (_, feature) => thresholdsOf(table, feature))
  const least = thresholds.map(({ length }) => new Float64Array(length + 2).fill(Number.POSITIVE_INFINITY))
  const greatest = thresholds.map(({ length }) => new Float64Array(length + 2).fill(Number.NEGATIVE_INFINITY))
  const bins = new Uint8Array(rows * table.features)
  for (let feature = 0; feature < table.features; feature++) {
    const start = feature * rows
    for (let row = 0; row < rows; row++) {
      const value = table.values[row * table.features + feature]!
      const bin = binOf(thresholds[feature]!, value)
      bins[start + row] = bin
      if (value < least[feature]![bin]!) least[feature]![bin] = value
      if (value > greatest[feature]![bin]!) greatest[feature]![bin] = value
    }
  }
  return { features: table.features, bins, thresholds, least, greatest }
}
