/**
 * Waiting on a ring from the main thread, as an interruptible effect that blocks nothing and polls nothing.
 */
import { Effect } from "effect"
import { closed, waiting, written } from "./RingHeader.ts"
import { type Pulse, unwatched } from "../supervision/Supervisor.ts"
import type { SpscConsumer } from "./SpscRing.ts"

/** A forgotten waiter may live this long at most. */
const waitMillisMax = 60_000

/** Completes once the ring has a record (or was closed). */
export const awaitRecords = (ring: SpscConsumer): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    const control = ring.indices
    Atomics.store(control, waiting, 1)
    const result = Atomics.load(control, closed) === 1 ? undefined : Atomics.waitAsync(control, written, ring.position, waitMillisMax)
    if (result === undefined || !result.async) {
      Atomics.store(control, waiting, 0)
      return resume(Effect.void)
    }
    let over = false
    void result.value.then(() => {
      if (over) return
      over = true
      Atomics.store(control, waiting, 0)
      resume(Effect.void)
    })
    return Effect.sync(() => {
      over = true
      Atomics.store(control, waiting, 0)
      Atomics.notify(control, written)
    })
  })

/** A record that found no room is offered again after this long. */
const refusedWait = "10 millis"

/**
 * Hands every record to `accept` (a plain function, given the byte offset) for as long as it runs. A record that it answers false to
 * stays first in line and is offered again. After `batchMax` records other fibers get a turn.
 */
export const consumeRecords = (
  ring: SpscConsumer,
  accept: (offset: number) => boolean,
  { pulse = unwatched, batchMax = 1024 }: { readonly pulse?: Pulse; readonly batchMax?: number } = {}
): Effect.Effect<never> => {
  const drain = Effect.sync(() => {
    let refused = false
    for (let count = 0, offset = ring.peek(); offset >= 0 && count < batchMax; offset = ring.peek(), count++) {
      refused = !accept(offset)
      if (refused) break
      ring.advance()
    }
    ring.release()
    return refused
  })
  return Effect.forever(
    Effect.flatMap(Effect.andThen(pulse.beat, drain), (refused) =>
      refused
        ? Effect.sleep(refusedWait)
        : ring.peek() >= 0
          ? Effect.yieldNow
          : pulse.waiting(ring.ended() ? Effect.never : awaitRecords(ring))
    ),
    { disableYield: true }
  )
}
