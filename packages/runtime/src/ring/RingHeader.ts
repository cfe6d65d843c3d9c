/**
 * The indices that every ring keeps in front of its slots, and how a consumer waits on them.
 *
 * ```text
 * Int32 index   0    written   how far the producer has published        (a 128-byte line of its own,
 *              32    read      how far the consumer has released          so the two threads never
 *              64    waiting   1 while the consumer sleeps or is about to fight over a cache line)
 *              96    closed    1 once the producer will write no more
 *             112    in hand   the record that the consumer looked at last, for whoever takes over from a dead one
 * bytes 512..   slots
 * ```
 *
 * Indices grow forever and wrap at 2^32; differences are taken with `| 0`.
 */
export const headerBytes = 512
export const written = 0
export const read = 32
export const waiting = 64
export const closed = 96
export const inHand = 112

/** How a consumer thread waits: `spinIterations` looks without sleeping, then sleeps at most `sleepMillis`. */
export interface WaitStrategy {
  readonly spinIterations: number
  readonly sleepMillis: number
}

/** Lowest latency, one core for itself. */
export const busyPoll: WaitStrategy = { spinIterations: 1 << 20, sleepMillis: 0 }
/** The default on small machines: a short spin, then sleep. */
export const spinThenSleep: WaitStrategy = { spinIterations: 200, sleepMillis: 50 }

/**
 * Blocks the calling thread until `written` moves past `seen`, the strategy's time is over or the ring closes.
 * For worker threads; the main thread uses `RingWait`.
 */
export const waitForWrite = (control: Int32Array, seen: number, strategy: WaitStrategy): void => {
  for (let i = 0; i < strategy.spinIterations; i++) if (Atomics.load(control, written) !== seen) return
  if (strategy.sleepMillis === 0 || Atomics.load(control, closed) === 1) return
  // Flag first, then look again inside `wait`: a producer that stored in between sees the flag and notifies.
  Atomics.store(control, waiting, 1)
  Atomics.wait(control, written, seen, strategy.sleepMillis)
  Atomics.store(control, waiting, 0)
}

/** Makes everything up to `index` visible and wakes a sleeping consumer. */
export const publishWritten = (control: Int32Array, index: number): void => {
  Atomics.store(control, written, index)
  if (Atomics.load(control, waiting) === 1) Atomics.notify(control, written, 1)
}

/** Says that no more will come, and wakes the consumer so that it learns it. */
export const closeRing = (control: Int32Array): void => {
  Atomics.store(control, closed, 1)
  Atomics.notify(control, written)
}
