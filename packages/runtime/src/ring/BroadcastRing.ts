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
  }

  /** Byte offset of the next record, or -1. What was read counts only if `accept` says so. */
  peek(): number {
    if (this.#index === this.#peer) {
      this.#peer = Atomics.load(this.#control, written)
      if (this.#index === this.#peer) return -1
    }
    return (this.#index & this.#mask) * this.#slotBytes
  }

  /** Steps on. False when the producer came by while the record was read: forget what was read. */
  accept(): boolean {
    const published = Atomics.load(this.#control, written)
    const behind = (published - this.#index) | 0
    if (behind > this.#mask + 1 - claimedMax) {
      const skipped = behind - ((this.#mask + 1) >> 1)
      this.lost += skipped
      this.#index = (this.#index + skipped) | 0
      this.#peer = published
      return false
    }
    this.#index = (this.#index + 1) | 0
    return true
  }

  wait(strategy: WaitStrategy): void {
    waitForWrite(this.#control, this.#index, strategy)
  }
}
