/** A receiver of notifications that can fail, be slow, or take a notification and say that it did not. It keeps what it took. */
import { DeliveryFailed, type Receiver } from "@evenkeel/alerting/receiver/Receiver"
import { Effect } from "effect"
import type { SimulatedTime } from "../time/SimulatedTime.ts"

export interface Received {
  readonly at: number
  readonly key: string
  readonly fingerprint: string
  readonly position: number
  readonly status: "firing" | "resolved"
}

export class SimulatedReceiver {
  readonly name: string
  failing = false
  /** While true it takes notifications, and the answer is lost. */
  silent = false
  slowMillis = 0
  readonly received: Array<Received> = []
  readonly #time: SimulatedTime

  constructor(time: SimulatedTime, name: string) {
    this.#time = time
    this.name = name
  }

  /** As a machine reaches it, for as long as that is alive. */
  reachedFrom(isAlive: () => boolean): Receiver {
    const refused = (problem: string) => new DeliveryFailed({ receiver: this.name, problem, retryable: true })
    return {
      name: this.name,
      deliver: ({ groupKey, idempotencyKey, position, status }) =>
        Effect.gen({ self: this }, function* () {
          if (this.slowMillis > 0) yield* Effect.sleep(this.slowMillis)
          if (!isAlive()) return yield* Effect.never
          if (this.failing) return yield* refused("503")
          this.received.push({
            at: this.#time.elapsed,
            key: idempotencyKey,
            fingerprint: groupKey,
            position,
            status
          })
          if (this.silent) return yield* refused("the answer was lost")
        })
    }
  }
}
