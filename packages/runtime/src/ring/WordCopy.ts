/**
 * Copies bytes into shared memory, four at a time.
 *
 * V8 copies into a SharedArrayBuffer with atomic stores, and byte by byte where source and target are not aligned alike, which a
 * message in the middle of a socket's read never is: about a nanosecond a byte. Words through a DataView cost a quarter of that.
 */
export class WordCopy {
  #view: DataView = new DataView(new ArrayBuffer(0))

  /** `source` to `bytes[at, at + source.length)`; `int32` lies over the same memory and `at` is a multiple of 4. */
  copy(source: Uint8Array, bytes: Uint8Array, int32: Int32Array, at: number): void {
    // The messages of one read share their memory, so a view serves many of them.
    if (source.buffer !== this.#view.buffer) this.#view = new DataView(source.buffer)
    const view = this.#view
    const from = source.byteOffset
    const words = source.length >> 2
    const to = at >> 2
    for (let word = 0; word < words; word++) int32[to + word] = view.getInt32(from + (word << 2), true)
    for (let byte = words << 2; byte < source.length; byte++) bytes[at + byte] = source[byte]!
  }
}
