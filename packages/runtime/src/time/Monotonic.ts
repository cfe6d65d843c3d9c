/**
 * Time to measure how long something took or has lasted, in ms: it goes on whatever the wall's clock is set to. `Clock.currentTimeMillis` says what
 * time it is, and nothing about how much of it has passed.
 */
import { Clock, Effect } from "effect"

const millisOf = (nanos: bigint): number => Number(nanos) / 1e6

/** Milliseconds since some moment. */
export const monotonicMillis: Effect.Effect<number> = Effect.map(Clock.monotonicTimeNanos, millisOf)

/** The same for callbacks. */
export const monotonicMillisOf = (clock: Clock.Clock): number => millisOf(clock.monotonicTimeNanosUnsafe())
