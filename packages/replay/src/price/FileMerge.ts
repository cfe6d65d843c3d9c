/**
 * Goes through the rows of several price files in the order in which they became known; rows of one time in the order of the files.
 *
 * A binary heap of files by the time of their next row: a step costs the logarithm of the number of files and allocates nothing.
 */
import type { PriceFile } from "./PriceFile.ts"

export class FileMerge {
  readonly #files: ReadonlyArray<Pick<PriceFile, "rows" | "times">>
  /** Each file's next row. */
  readonly #next: Int32Array
  /** Files that have rows left; the earliest stands first. */
  readonly #heap: Int32Array
  #size = 0

  constructor(files: ReadonlyArray<Pick<PriceFile, "rows" | "times">>) {
    this.#files = files
    this.#next = new Int32Array(files.length)
    this.#heap = new Int32Array(files.length)
    for (const [file, { rows }] of files.entries()) if (rows > 0) this.#heap[this.#size++] = file
    for (let at = (this.#size >> 1) - 1; at >= 0; at--) this.#sink(at)
  }

  /** The file whose next row comes first; -1 at the end. */
  get file(): number {
    return this.#size === 0 ? -1 : this.#heap[0]!
  }

  /** That row. */
  get row(): number {
    return this.#next[this.#heap[0]!]!
  }

  /** Goes on to the row after it. */
  advance(): void {
    const file = this.#heap[0]!
    if (++this.#next[file]! === this.#files[file]!.rows) this.#heap[0] = this.#heap[--this.#size]!
    this.#sink(0)
  }

  /** Lets the file at `at` sink to where no file below it is earlier. */
  #sink(at: number): void {
    const heap = this.#heap
    const file = heap[at]!
    for (;;) {
      let child = 2 * at + 1
      if (child >= this.#size) break
      if (child + 1 < this.#size && this.#before(heap[child + 1]!, heap[child]!)) child++
      if (!this.#before(heap[child]!, file)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = file
  }

  #before(a: number, b: number): boolean {
    const difference = this.#files[a]!.times[this.#next[a]!]! - this.#files[b]!.times[this.#next[b]!]!
    return difference < 0 || (difference === 0 && a < b)
  }
}
