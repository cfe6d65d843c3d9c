/**
 * What every receiver over a network shares: attempts run under the policy `deliver`, and of a notification that takes several sendings those that were
 * taken are remembered, so that a repeat sends the others alone. The memory is this process's: after a restart, a service that knows no repeats is sent all
 * of them again.
 */
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { Effect } from "effect"
import { DeliveryFailed } from "./Receiver.ts"

/** Notifications that are remembered as taken in part; of more, the oldest are forgotten. */
const notificationsMax = 1000

export const makeDelivery = Effect.fnUntraced(function* (name: string) {
  const policies = yield* Policies
  const partly = new Map<string, Set<string>>()
  return {
    attempt: <A, R>(send: Effect.Effect<A, DeliveryFailed, R>): Effect.Effect<A, DeliveryFailed, R> =>
      policies
        // Who was told when to come back does not try again before.
        .run(send, { name: "deliver", key: name, retryable: (error) => error.retryable && error.pauseMillis === undefined })
        .pipe(
          Effect.catchTag("PolicyError", (error) =>
            Effect.fail(new DeliveryFailed({ receiver: name, problem: error.message, retryable: true }))
          )
        ),
    /** What of the notification was taken: the caller adds to it. */
    takenOf: (idempotencyKey: string): Set<string> => {
      const taken = partly.get(idempotencyKey) ?? new Set()
      partly.set(idempotencyKey, taken)
      if (partly.size > notificationsMax) partly.delete(partly.keys().next().value!)
      return taken
    },
    /** All of it was taken. */
    forget: (idempotencyKey: string): void => void partly.delete(idempotencyKey)
  }
})

/** What a service says may repeat what it was sent: none of `secrets` stays in it. Cut it only afterwards, or the half of one may. */
export const withoutSecrets = (text: string, secrets: ReadonlyArray<string>): string =>
  secrets.toSorted((a, b) => b.length - a.length).reduce((rest, secret) => (secret === "" ? rest : rest.replaceAll(secret, "…")), text)
