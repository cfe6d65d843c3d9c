/** Values that stay sorted in an array with room to spare: the first `count` are in use. Writing moves what stands behind. */

/** Index of the first of `count` ascending values that is not below `value`. */
export const placeIn = (sorted: Float64Array, count: number, value: number): number => {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}

/** Puts a value in; there are `count + 1` afterwards. */
export const insertInto = (sorted: Float64Array, count: number, value: number): void => {
  const at = placeIn(sorted, count, value)
  sorted.copyWithin(at + 1, at, count)
  sorted[at] = value
}

/** Takes out a value that is among them; there are `count - 1` afterwards. */
export const removeFrom = (sorted: Float64Array, count: number, value: number): void => {
  const at = placeIn(sorted, count, value)
  sorted.copyWithin(at, at + 1, count)
}
