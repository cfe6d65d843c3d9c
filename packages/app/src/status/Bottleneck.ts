/**
 * What holds the engine up, in one sentence with its evidence: a pure decision over what was measured.
 *
 * The path is looked at from its beginning, for what is slow first makes everything behind it look late.
 */

/** Shares are from 0 to 1. */
export interface Load {
  /** Of the frames ring. */
  readonly ringFill: number
  /** Of the time that the hot path's thread has worked on frames. */
  readonly hotPathBusy: number
  /** Of the hot path's work, by stage. */
  readonly shares: ReadonlyArray<{ readonly stage: string; readonly share: number }>
  readonly loopUtilization: number
  readonly loopDelayP99Millis: number
  /** From level to log in the last minute, ms; null where there was none. */
  readonly recordP99Millis: number | null
  /** Level changes that wait for the log. */
  readonly recordsWaiting: number
  /** Facts that alerting has not handled. */
  readonly alertLag: number
  readonly outboxPending: number
  readonly deliveryP99Millis: number | null
}

const ringFillMax = 0.25
const busyMax = 0.85
const loopBusyMax = 0.9
const loopDelayMaxMillis = 250
const recordMaxMillis = 1000
const waitingMax = 16
const lagMax = 100
const outboxMax = 50

const percent = (share: number): string => `${Math.round(share * 100)}%`
const seconds = (millis: number): string => `${(millis / 1000).toFixed(1)} s`

const hotPath = ({ hotPathBusy, ringFill, shares }: Load): string | undefined => {
  if (!(ringFill > ringFillMax) && !(hotPathBusy > busyMax)) return undefined
  const evidence = `its ring is ${percent(ringFill)} full and its thread ${percent(hotPathBusy)} busy`
  // Frames wait, and the thread that takes them has time.
  if (hotPathBusy < 0.5) return `the processor: the hot path's thread does not get it, ${evidence}`
  const largest = shares.toSorted((a, b) => b.share - a.share)[0]
  return `the hot path: ${evidence}${largest === undefined ? "" : `; ${largest.stage} is ${percent(largest.share)} of its work`}`
}

const mainThread = ({ loopDelayP99Millis, loopUtilization }: Load): string | undefined =>
  loopUtilization > loopBusyMax || loopDelayP99Millis > loopDelayMaxMillis
    ? `the main thread: its event loop is ${percent(loopUtilization)} busy and late by ${Math.round(loopDelayP99Millis)} ms (p99)`
    : undefined

const database = ({ alertLag, recordP99Millis, recordsWaiting }: Load): string | undefined => {
  if (!(recordsWaiting > waitingMax) && !(alertLag > lagMax) && !((recordP99Millis ?? 0) > recordMaxMillis)) return undefined
  const slow = recordP99Millis === null ? "" : ` a level change takes ${seconds(recordP99Millis)} to the log (p99),`
  return `the database:${slow} ${recordsWaiting} wait for it and alerting is ${alertLag} facts behind`
}

const deliveries = ({ deliveryP99Millis, outboxPending }: Load): string | undefined => {
  if (!(outboxPending > outboxMax)) return undefined
  const slow = deliveryP99Millis === null ? "none was delivered in the last minute" : `one takes ${seconds(deliveryP99Millis)} (p99)`
  return `deliveries: ${outboxPending} notifications wait and ${slow}`
}

/** Undefined where nothing holds the engine up. */
export const bottleneckOf = (load: Load): string | undefined => hotPath(load) ?? mainThread(load) ?? database(load) ?? deliveries(load)
