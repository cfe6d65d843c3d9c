/**
 * A ring of fixed-size records between one producer thread and one consumer thread, in shared memory.
 *
 * Both sides work in batches: the producer fills any number of claimed slots and publishes them with one atomic store;
 * each side caches the other's index and looks at it again only when the ring seems full or empty. Offsets are
 * handed out instead of views, so that nothing is allocated.
 */
import { closed, closeRing, headerBytes, publishWritten, read, waitForWrite, type WaitStrategy, written } from "./RingHeader.ts"

/** Memory for `slots` records (a power of two) of `slotBytes` (a multiple of 8). */
export const allocateSpscRing = (slots: number, slotBytes: number): SharedArrayBuffer => {
  if ((slots & (slots - 1)) !== 0 || slots < 2) throw new RangeError(`slots must be a power of two, got ${slots}`)
  if (slotBytes % 8 !== 0 || slotBytes < 8) throw new RangeError(`slotBytes must be a multiple of 8, got ${slotBytes}`)
  return new SharedArrayBuffer(headerBytes + slots * slotBytes)
}

abstract class SpscSide {
  readonly float64: Float64Array
  readonly int32: Int32Array
  readonly bytes: Uint8Array
  protected readonly control: Int32Array
  protected readonly mask: number
  protected readonly slotBytes: number
  readonly slots: number

  constructor(buffer: SharedArrayBuffer, slotBytes: number) {
    this.control = new Int32Array(buffer, 0, headerBytes / 4)
    this.float64 = new Float64Array(buffer, headerBytes)
    this.int32 = new Int32Array(buffer, headerBytes)
    this.bytes = new Uint8Array(buffer, headerBytes)
    this.slotBytes = slotBytes
    this.slots = (buffer.byteLength - headerBytes) / slotBytes
    this.mask = this.slots - 1
  }

  /** Records published and not yet released, as seen now; any thread may ask. */
  size(): number {
    return (Atomics.load(this.control, written) - Atomics.load(this.control, read)) | 0
  }
}

export class SpscProducer extends SpscSide {
  #index: number
  #peer: number

  constructor(buffer: SharedArrayBuffer, slotBytes: number) {
    super(buffer, slotBytes)
    this.#index = Atomics.load(this.control, written)
    this.#peer = Atomics.load(this.control, read)
  }

  /** Byte offset of the next slot, or -1 when the ring is full. Fill it, then `commit`. */
  claim(): number {
    const index = this.#index
    if (((index - this.#peer) | 0) > this.mask) {
      this.#peer = Atomics.load(this.control, read)
      if (((index - this.#peer) | 0) > this.mask) return -1
    }
    return (index & this.mask) * this.slotBytes
  }

  /** Keeps the claimed slot; the consumer sees it after `publish`. */
  commit(): void {
    this.#index = (this.#index + 1) | 0
  }

  publish(): void {
    publishWritten(this.control, this.#index)
  }

  close(): void {
    this.publish()
    closeRing(this.control)
  }
}

export class SpscConsumer extends SpscSide {
  #index: number
  #peer: number

  constructor(buffer: SharedArrayBuffer, slotBytes: number) {
    super(buffer, slotBytes)
    this.#index = Atomics.load(this.control, read)
    this.#peer = this.#index
  }

  /** Byte offset of the next record, or -1 when there is none. Read it, then `advance`. */
  peek(): number {
    const index = this.#index
    if (index === this.#peer) {
      this.#peer = Atomics.load(this.control, written)
      if (index === this.#peer) return -1
    }
    return (index & this.mask) * this.slotBytes
  }

  advance(): void {
    this.#index = (this.#index + 1) | 0
  }

  /** Gives every advanced slot back to the producer. */
  release(): void {
    Atomics.store(this.control, read, this.#index)
  }

  /** Blocks this thread until there is a record, as the strategy says; may return without one. */
  wait(strategy: WaitStrategy): void {
    waitForWrite(this.control, this.#index, strategy)
  }

  /** True once the producer has closed and everything was read. */
  ended(): boolean {
    return Atomics.load(this.control, closed) === 1 && this.peek() === -1
  }

  /** The indices, for `RingWait`. */
  get indices(): Int32Array {
    return this.control
  }

  get position(): number {
    return this.#index
  }
}
