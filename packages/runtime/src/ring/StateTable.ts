/**
 * The latest state of many things, written by one thread and read by any at any time (a seqlock a row).
 *
 * ```text
 * row:  f64 version (as two Int32, the first counts: odd while it is written)   f64 field * fields
 * ```
 *
 * A reader copies a row and looks at the version again; it retries when the writer came by. It never blocks the writer.
 */
export const allocateStateTable = (rows: number, fields: number): SharedArrayBuffer => new SharedArrayBuffer(rows * (fields + 1) * 8)

const readAttemptsMax = 1000

export class StateTable {
  readonly buffer: SharedArrayBuffer
  readonly rows: number
  readonly fields: number
  readonly #versions: Int32Array
  readonly #values: Float64Array

  constructor(buffer: SharedArrayBuffer, fields: number) {
    this.buffer = buffer
    this.fields = fields
    this.rows = buffer.byteLength / 8 / (fields + 1)
    this.#versions = new Int32Array(buffer)
    this.#values = new Float64Array(buffer)
  }

  /** Writer: `source[0, fields)` becomes the row, all at once. */
  write(row: number, source: Float64Array): void {
    const at = row * (this.fields + 1)
    Atomics.add(this.#versions, at * 2, 1)
    for (let i = 0; i < this.fields; i++) this.#values[at + 1 + i] = source[i]!
    Atomics.add(this.#versions, at * 2, 1)
  }

  /** Copies a row; false when it was never written, or the writer kept at it (try again later). */
  read(row: number, target: Float64Array): boolean {
    const at = row * (this.fields + 1)
    for (let attempt = 0; attempt < readAttemptsMax; attempt++) {
      const before = Atomics.load(this.#versions, at * 2)
      if (before === 0) return false
      if ((before & 1) === 1) continue
      for (let i = 0; i < this.fields; i++) target[i] = this.#values[at + 1 + i]!
      // A read-modify-write, so that the copy above cannot move past it on weakly ordered processors.
      if (Atomics.add(this.#versions, at * 2, 0) === before) return true
    }
    return false
  }
}
