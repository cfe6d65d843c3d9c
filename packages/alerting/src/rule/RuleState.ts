/**
 * Where an instance of a rule stands: inactive, pending until it has held for `for`, firing until it has not held for `keepFiring`.
 *
 * The meanings of `for` and `keep_firing_for` are Prometheus's (rules/alerting.go, `AlertingRule.Eval`): one that does not hold at a single look while it
 * is pending begins anew, and one that holds again while it fires goes on as if it had never stopped. Two things are added: what fires holds up to another
 * threshold (`clear`), so that a signal at the edge does not flap; and a signal that cannot be seen ends nothing that fires.
 */
import type { Comparison } from "@evenkeel/domain/alert/Alert"

export interface RuleTiming {
  readonly comparison: Comparison
  readonly threshold: number
  /** While it fires it holds up to here. */
  readonly clear: number
  readonly forMillis: number
  readonly keepFiringMillis: number
}

export type RuleState =
  | { readonly phase: "pending"; readonly since: number }
  | {
      readonly phase: "firing"
      /** Since when it has not held; null while it does. */
      readonly quietSince: number | null
      /** Since when there has been no such reading at all; null while there is. */
      readonly goneSince: number | null
    }

/** Undefined where it is inactive. */
export interface Step {
  readonly state: RuleState | undefined
  /** What has happened; nothing in most steps. */
  readonly event?: "fired" | "cleared" | "gone"
}

/** What is firing when a run begins, as the log has it. */
export const standingState: RuleState = { phase: "firing", quietSince: null, goneSince: null }

/** Of something that nobody publishes any more, such as a coin that is not watched now, what fires is closed after so long. */
export const goneMillis = 600_000

const isBeyond = (value: number, threshold: number, comparison: Comparison): boolean =>
  comparison === "above" ? value > threshold : value < threshold

/** A look at `now`, Unix ms. `value` is null where the signal is not known at the moment, and undefined where there is no such reading. */
export const step = (timing: RuleTiming, state: RuleState | undefined, value: number | null | undefined, now: number): Step => {
  const { clear, comparison, forMillis, keepFiringMillis, threshold } = timing
  if (state?.phase === "firing") {
    if (value === undefined) {
      const goneSince = state.goneSince ?? now
      return now - goneSince >= goneMillis ? { state: undefined, event: "gone" } : { state: { ...state, goneSince } }
    }
    if (value === null) return { state: { ...state, goneSince: null } }
    if (isBeyond(value, clear, comparison)) return { state: standingState }
    const quietSince = state.quietSince ?? now
    return now - quietSince >= keepFiringMillis
      ? { state: undefined, event: "cleared" }
      : { state: { phase: "firing", quietSince, goneSince: null } }
  }
  if (value === null || value === undefined || !isBeyond(value, threshold, comparison)) return { state: undefined }
  const since = state?.since ?? now
  return now - since >= forMillis ? { state: standingState, event: "fired" } : { state: { phase: "pending", since } }
}
