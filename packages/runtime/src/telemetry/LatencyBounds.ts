/** The buckets in which latencies are shown. */

/** Upper bounds in seconds: from a decoded message to a delivery that was put off. */
export const latencyBounds = [
  1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
  300
] as const

/** The bucket of a latency; the one behind the last is beyond all bounds. */
export const bucketOf = (seconds: number): number => {
  const at = latencyBounds.findIndex((bound) => seconds <= bound)
  return at < 0 ? latencyBounds.length : at
}
