/**
 * A latency histogram in the manner of HdrHistogram: counts over a huge range with a bounded relative error, in a fixed
 * block of memory that another thread may read.
 *
 * A value's bucket is its power of two and the next six bits: at most 1/64 = 1.6% off. Values are whole units (the
 * engine uses nanoseconds) from 0 to 2^42; above that they count in the last bucket.
 * Source: Gil Tene, HdrHistogram (http://hdrhistogram.org).
 */
const subBits = 6
const subCount = 1 << subBits
const powers = 42 - subBits
const buckets = (powers + 2) * subCount

export const allocateHistogram = (): SharedArrayBuffer => new SharedArrayBuffer(buckets * 4)

export class Histogram {
  readonly #counts: Uint32Array

  constructor(buffer: SharedArrayBuffer = allocateHistogram()) {
    this.#counts = new Uint32Array(buffer)
  }

  /** Counts one value; negative ones (clocks that disagree) count as 0. */
  record(value: number): void {
    const bucket = bucketOf(value)
    this.#counts[bucket] = this.#counts[bucket]! + 1
  }

  count(): number {
    let total = 0
    for (const count of this.#counts) total += count
    return total
  }

  /** The value below which the share `quantile` (0 to 1) of all lie; NaN when nothing was counted. */
  quantile(quantile: number): number {
    const total = this.count()
    if (total === 0) return Number.NaN
    const rank = Math.max(1, Math.ceil(total * quantile))
    let seen = 0
    for (let bucket = 0; bucket < buckets; bucket++) {
      seen += this.#counts[bucket]!
      if (seen >= rank) return middleOf(bucket)
    }
    return middleOf(buckets - 1)
  }

  /** The values below which these shares lie, in one pass; `quantiles` rise, from 0 to 1. */
  quantiles(quantiles: ReadonlyArray<number>): ReadonlyArray<number> {
    const total = this.count()
    const found = quantiles.map(() => Number.NaN)
    let seen = 0
    for (let bucket = 0, next = 0; total > 0 && bucket < buckets && next < quantiles.length; bucket++) {
      seen += this.#counts[bucket]!
      while (next < quantiles.length && seen >= Math.max(1, Math.ceil(total * quantiles[next]!))) found[next++] = middleOf(bucket)
    }
    return found
  }

  /** Each bucket that counted something: the value in its middle, and how many. */
  forEach(visit: (value: number, count: number) => void): void {
    for (let bucket = 0; bucket < buckets; bucket++) {
      const count = this.#counts[bucket]!
      if (count > 0) visit(middleOf(bucket), count)
    }
  }

  /** Of all values together, within the stated error. */
  sum(): number {
    let sum = 0
    this.forEach((value, count) => {
      sum += value * count
    })
    return sum
  }

  /** As it stands now, on its own. */
  copy(): Histogram {
    const twin = new Histogram()
    twin.#counts.set(this.#counts)
    return twin
  }

  /** What was counted since an earlier copy. */
  since(earlier: Histogram): Histogram {
    const added = this.copy()
    for (let bucket = 0; bucket < buckets; bucket++) added.#counts[bucket]! -= earlier.#counts[bucket]!
    return added
  }

  clear(): void {
    this.#counts.fill(0)
  }
}

const bucketOf = (value: number): number => {
  if (!(value >= subCount)) return value > 0 ? value | 0 : 0
  const power = Math.min(powers, value >= 4294967296 ? 63 - Math.clz32(value / 4294967296) - subBits : 31 - Math.clz32(value) - subBits)
  const sub = Math.min(subCount - 1, Math.floor(value / 2 ** power) - subCount)
  return (power + 1) * subCount + sub
}

const middleOf = (bucket: number): number => {
  if (bucket < subCount) return bucket
  const power = Math.floor(bucket / subCount) - 1
  return (subCount + (bucket % subCount) + 0.5) * 2 ** power
}
