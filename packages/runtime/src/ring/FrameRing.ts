/**
 * A ring of frames, each a fixed header and any number of bytes, between one producer and one consumer thread.
 *
 * ```text
 * byte  0  i32  bytes of the whole record, a multiple of 8; negative: padding up to the end of the ring
 *       4  u8   source     5  u8  venue     6  u16  connection
 *       8  f64  received, Unix ms on the engine's clock
 *      16  f64  published, ns on the process's Nanoclock
 *      24  i32  instrument (snapshots, events, lost frames), else -1
 *      28  i32  payload bytes
 *      32  16 bytes trace id    48  8 bytes span id    56  u8  1 when the frame is sampled
 *      64  payload
 * ```
 *
 * A record never wraps, so a decoder sees one contiguous range: what does not fit before the end starts at 0.
 */
import { closed, closeRing, headerBytes, inHand, publishWritten, read, waitForWrite, type WaitStrategy, written } from "./RingHeader.ts"

export const frameHeaderBytes = 64
export const frameOffsets = {
  source: 4,
  venue: 5,
  connection: 6,
  received: 8,
  published: 16,
  instrument: 24,
  payloadBytes: 28,
  trace: 32,
  sampled: 56,
  payload: 64
} as const

/** Memory for `bytes` of frames (a power of two). One frame may use at most half of it. */
export const allocateFrameRing = (bytes: number): SharedArrayBuffer => {
  if ((bytes & (bytes - 1)) !== 0 || bytes < 1024) throw new RangeError(`bytes must be a power of two from 1024, got ${bytes}`)
  return new SharedArrayBuffer(headerBytes + bytes)
}

/** Indices count 8-byte words, so they wrap after 32 GiB instead of 4. */
const wordShift = 3

abstract class FrameSide {
  readonly bytes: Uint8Array
  readonly int32: Int32Array
  readonly float64: Float64Array
  readonly uint16: Uint16Array
  protected readonly control: Int32Array
  protected readonly words: number

  constructor(buffer: SharedArrayBuffer) {
    this.control = new Int32Array(buffer, 0, headerBytes / 4)
    this.bytes = new Uint8Array(buffer, headerBytes)
    this.int32 = new Int32Array(buffer, headerBytes)
    this.float64 = new Float64Array(buffer, headerBytes)
    this.uint16 = new Uint16Array(buffer, headerBytes)
    this.words = this.bytes.length >> wordShift
  }

  /** Share of the ring that is in use, 0 to 1; any thread may ask. */
  fill(): number {
    return ((Atomics.load(this.control, written) - Atomics.load(this.control, read)) | 0) / this.words
  }
}

export class FrameProducer extends FrameSide {
  #index: number
  #peer: number
  #claimed = 0
  /** The largest payload that this ring takes. */
  readonly payloadMax: number

  constructor(buffer: SharedArrayBuffer) {
    super(buffer)
    this.#index = Atomics.load(this.control, written)
    this.#peer = Atomics.load(this.control, read)
    this.payloadMax = this.bytes.length / 2 - frameHeaderBytes
  }

  /**
   * Byte offset of a record with room for `payload` bytes, its two lengths already written, or -1 when the ring has no
   * room now. Write the other fields, then `commit`.
   */
  claim(payload: number): number {
    const need = (frameHeaderBytes + payload + 7) >>> wordShift
    let index = this.#index
    const at = index & (this.words - 1)
    const untilEnd = this.words - at
    const skip = need > untilEnd ? untilEnd : 0
    if (((index + skip + need - this.#peer) | 0) > this.words) {
      this.#peer = Atomics.load(this.control, read)
      if (((index + skip + need - this.#peer) | 0) > this.words) return -1
    }
    if (skip > 0) {
      this.int32[at * 2] = -(skip << wordShift)
      index = this.#index = (index + skip) | 0
    }
    const offset = (index & (this.words - 1)) << wordShift
    this.int32[offset >> 2] = need << wordShift
    this.int32[(offset + frameOffsets.payloadBytes) >> 2] = payload
    this.#claimed = need
    return offset
  }

  commit(): void {
    this.#index = (this.#index + this.#claimed) | 0
  }

  publish(): void {
    publishWritten(this.control, this.#index)
  }

  close(): void {
    this.publish()
    closeRing(this.control)
  }
}

export class FrameConsumer extends FrameSide {
  #index: number
  #peer: number

  constructor(buffer: SharedArrayBuffer) {
    super(buffer)
    this.#index = Atomics.load(this.control, read)
    this.#peer = this.#index
  }

  /** Byte offset of the next frame, or -1 when there is none. */
  peek(): number {
    for (;;) {
      const index = this.#index
      if (index === this.#peer) {
        this.#peer = Atomics.load(this.control, written)
        if (index === this.#peer) return -1
      }
      const offset = (index & (this.words - 1)) << wordShift
      const bytes = this.int32[offset >> 2]!
      if (bytes > 0) {
        this.control[inHand] = index
        return offset
      }
      this.#index = (index + (-bytes >> wordShift)) | 0
    }
  }

  /** After a consumer died over a frame: goes on behind that frame. One that died between two had given back the last, which may be written over by now. */
  skipInHand(): void {
    const index = this.control[inHand]!
    if (((index - this.#index) | 0) < 0) return
    this.#index = index
    // Behind what had been given back: `peek` would not find the end of what there is.
    this.#peer = Atomics.load(this.control, written)
    const offset = this.peek()
    if (offset >= 0) this.advance(offset)
    this.release()
  }

  /** Steps over the frame at `offset`. */
  advance(offset: number): void {
    this.#index = (this.#index + (this.int32[offset >> 2]! >> wordShift)) | 0
  }

  release(): void {
    Atomics.store(this.control, read, this.#index)
  }

  wait(strategy: WaitStrategy): void {
    waitForWrite(this.control, this.#index, strategy)
  }

  ended(): boolean {
    return Atomics.load(this.control, closed) === 1 && this.peek() === -1
  }
}
