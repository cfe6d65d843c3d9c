/**
 * The latest state of many things, written by one thread and read by any at any time (a seqlock a row).
 *
 * ```text
 * row:  i32 version (odd while it is written)   i32 version at which it was emptied   f64 field * fields
 * ```
 *
 * A reader copies a row and looks at the version again; it retries when the writer came by. It never blocks the writer. A row that its writer left half
 * written, because the thread ended there, is nobody's state: the next writer empties it.
 */
export const allocateStateTable = (rows: number, fields: number): SharedArrayBuffer => new SharedArrayBuffer(rows * (fields + 1) * 8)

/** A reader that finds a row being written so many times in a row gives up. */
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

  /** Writer, before its first row and when the one before has ended: empties what that one left half written. */
  takeOver(): void {
    for (let row = 0; row < this.rows; row++) {
      const at = row * (this.fields + 1) * 2
      const version = Atomics.load(this.#versions, at)
      if ((version & 1) === 0) continue
      Atomics.store(this.#versions, at + 1, version + 1)
      Atomics.store(this.#versions, at, version + 1)
    }
  }

  /** Writer: `source[0, fields)` becomes the row, all at once. */
  write(row: number, source: Float64Array): void {
    const at = row * (this.fields + 1)
    // Not `add`: a row that is odd already must not look whole while it is written.
    Atomics.or(this.#versions, at * 2, 1)
    for (let i = 0; i < this.fields; i++) this.#values[at + 1 + i] = source[i]!
    Atomics.add(this.#versions, at * 2, 1)
  }

  /** Copies a row; false when there is none (never written, or emptied), or the writer kept at it for `readAttemptsMax` tries. */
  read(row: number, target: Float64Array): boolean {
    const at = row * (this.fields + 1)
    for (let attempt = 0; attempt < readAttemptsMax; attempt++) {
      const before = Atomics.load(this.#versions, at * 2)
      if (before === Atomics.load(this.#versions, at * 2 + 1)) return false
      if ((before & 1) === 1) continue
      for (let i = 0; i < this.fields; i++) target[i] = this.#values[at + 1 + i]!
      // A read-modify-write, so that the copy above cannot move past it on weakly ordered processors.
      if (Atomics.add(this.#versions, at * 2, 0) === before) return true
    }
    return false
  }
}
