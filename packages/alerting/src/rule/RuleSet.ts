/** All rules over all readings: which instances there are, and which of them have something to say. Pure; what is said takes effect once it is in the log. */
import type { Labels } from "@evenkeel/domain/alert/Labels"
import { type Rule, ruleFingerprint } from "./Rule.ts"
import { goneMillis, type RuleState, standingState, step } from "./RuleState.ts"
import type { Reading } from "./Signals.ts"

/** Instances that are followed; rules that would make more are told, and what is beyond is not evaluated. */
export const instancesMax = 2000

export interface Instance {
  readonly fingerprint: string
  readonly rule: Rule
  readonly own: Labels
  readonly state: RuleState
}

/** What fires by the log. */
export interface Standing {
  readonly fingerprint: string
  readonly rule: string
  readonly definition: string
  readonly own: Labels
  readonly simulated: boolean
}

export type Due =
  | { readonly event: "fired"; readonly instance: Instance; readonly value: number }
  | {
      readonly event: "cleared"
      readonly fingerprint: string
      readonly rule: string
      readonly value: number | null
      readonly reason: string | null
    }

export interface Evaluated {
  /** As they are without what is due; those that are due are as they were before. */
  readonly instances: ReadonlyMap<string, Instance>
  readonly due: ReadonlyArray<Due>
  /** Instances beyond `instancesMax`. */
  readonly beyond: number
}

/** Why an instance that fires by the log is over, whatever its signal says; undefined where it goes on. */
export const closedReason = (
  { definition, rule, simulated }: Standing,
  rules: ReadonlyMap<string, Rule>,
  market: { readonly simulated: boolean }
): string | undefined => {
  if (simulated && !market.simulated) return "its market was simulated"
  const known = rules.get(rule)
  return known === undefined ? "the rule is not configured any more" : known.definition === definition ? undefined : "the rule was changed"
}

/** `instances` as the last look left them. A standing one without an instance is taken up, as after a restart. */
export const evaluate = (
  rules: ReadonlyMap<string, Rule>,
  readings: ReadonlyArray<Reading>,
  instances: ReadonlyMap<string, Instance>,
  standing: ReadonlyMap<string, Standing>,
  market: { readonly simulated: boolean },
  now: number
): Evaluated => {
  const next = new Map<string, Instance>()
  const due: Array<Due> = []
  let beyond = 0
  // An engine of a made-up market leaves alone what fires of the real one.
  const followed = [...standing.values()].filter(({ simulated }) => simulated === market.simulated || !market.simulated)
  const closing = new Map(
    followed.flatMap((each) => {
      const reason = closedReason(each, rules, market)
      return reason === undefined ? [] : [[each.fingerprint, reason] as const]
    })
  )
  for (const { fingerprint, rule } of followed) {
    const reason = closing.get(fingerprint)
    if (reason !== undefined) due.push({ event: "cleared", fingerprint, rule, value: null, reason })
  }

  const look = (rule: Rule, own: Labels, value: number | null | undefined) => {
    const fingerprint = ruleFingerprint(rule.name, own, market.simulated)
    // One whose rule was changed begins anew once the old one is closed.
    if (next.has(fingerprint) || closing.has(fingerprint)) return
    const before = instances.get(fingerprint)
    const known = before?.rule.definition === rule.definition ? before.state : undefined
    // What fires is what the log says.
    const fires = standing.has(fingerprint)
    const state = known !== undefined && (known.phase === "firing") === fires ? known : fires ? standingState : undefined
    const { event, state: after } = step(rule.timing, state, value, now)
    const kept = event === undefined ? after : (state ?? { phase: "pending" as const, since: now })
    if (kept === undefined) return
    if (next.size >= instancesMax && !fires) {
      beyond++
      return
    }
    const instance = { fingerprint, rule, own, state: kept }
    next.set(fingerprint, instance)
    if (event === "fired" && typeof value === "number") due.push({ event, instance, value })
    if (event === "cleared") due.push({ event, fingerprint, rule: rule.name, value: value ?? null, reason: null })
    if (event === "gone") due.push({ event: "cleared", fingerprint, rule: rule.name, value: null, reason: goneReason })
  }
  for (const rule of rules.values()) for (const reading of readings) if (rule.watches(reading)) look(rule, reading.labels, reading.value)
  for (const { own, rule } of followed) {
    const known = rules.get(rule)
    if (known !== undefined) look(known, own, undefined)
  }
  return { instances: next, due, beyond }
}

const goneReason = `nothing was read of it for ${goneMillis / 60_000} minutes`
