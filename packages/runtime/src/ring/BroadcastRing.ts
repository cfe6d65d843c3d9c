/**
 * One producer, any number of readers that each see every record, in shared memory.
 *
 * The producer never waits: it overwrites the oldest records. A reader that falls a whole ring behind learns how many
 * records it lost and goes on with the oldest that is still there, so one slow reader costs nobody else anything.
 */
import { headerBytes, publishWritten, waitForWrite, type WaitStrategy, written } from "./RingHeader.ts"

/** The producer may be writing this many slots ahead of what it published; readers keep clear of them. */
const claimedMax = 256

export class BroadcastProducer {
  readonly float64: Float64Array
  readonly int32: Int32Array
  readonly #control: Int32Array
  readonly #mask: number
  readonly #slotBytes: number
  #index: number

  constructor(buffer: SharedArrayBuffer, slotBytes: number) {
    this.#control = new Int32Array(buffer, 0, headerBytes / 4)
    this.float64 = new Float64Array(buffer, headerBytes)
    this.int32 = new Int32Array(buffer, headerBytes)
    this.#slotBytes = slotBytes
    this.#mask = (buffer.byteLength - headerBytes) / slotBytes - 1
    this.#index = Atomics.load(this.#control, written)
  }

  /** Byte offset of the next slot. Publish at least every 256 commits. */
  claim(): number {
    return (this.#index & this.#mask) * this.#slotBytes
  }

  commit(): void {
    this.#index = (this.#index + 1) | 0
  }

  publish(): void {
    publishWritten(this.#control, this.#index)
  }
}

export class BroadcastReader {
  readonly float64: Float64Array
  readonly int32: Int32Array
  readonly #control: Int32Array
  readonly #mask: number
  readonly #slotBytes: number
  #index: number
  #peer: number
  /** The first record that is not accepted yet. */
  #start: number
  /** Records that were overwritten before this reader came to them. */
  lost = 0

  constructor(buffer: SharedArrayBuffer, slotBytes: number) {
    this.#control = new Int32Array(buffer, 0, headerBytes / 4)
    this.float64 = new Float64Array(buffer, headerBytes)
    this.int32 = new Int32Array(buffer, headerBytes)
    this.#slotBytes = slotBytes
    this.#mask = (buffer.byteLength - headerBytes) / slotBytes - 1
    this.#index = Atomics.load(this.#control, written)
    this.#peer = this.#index
    this.#start = this.#index
  }

  /** Byte offset of the next record, or -1. What is read counts only if `accept` says so. */
  peek(): number {
    const index = this.#index
    if (index === this.#peer) {
      this.#peer = Atomics.load(this.#control, written)
      if (index === this.#peer) return -1
    }
    return (index & this.#mask) * this.#slotBytes
  }

  /** Steps over a record. */
  advance(): void {
    this.#index = (this.#index + 1) | 0
  }

  /**
   * Says whether everything since the last `accept` was read whole. False when the producer came round meanwhile: forget all of
   * it; the reader goes on half a ring behind the producer, and what it did not see counts as lost.
   */
  accept(): boolean {
    const published = Atomics.load(this.#control, written)
    if (((published - this.#start) | 0) <= this.#mask + 1 - claimedMax) {
      this.#start = this.#index
      return true
    }
    const resume = (published - ((this.#mask + 1) >> 1)) | 0
    this.lost += (resume - this.#start) | 0
    this.#start = this.#index = resume
    this.#peer = published
    return false
  }

  wait(strategy: WaitStrategy): void {
    waitForWrite(this.#control, this.#index, strategy)
  }
}
