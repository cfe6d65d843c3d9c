/**
 * What there is to tell when terms are met: labels by which routes and silences go, and words. Whoever makes alerts from rules calls this with the fact
 * `TriggerMet` of the log.
 */
import type { Labels } from "@evenkeel/domain/alert/Labels"
import { DateTime } from "effect"
import type { TriggerMet } from "./InsuranceFacts.ts"
import { describeTerms, type Terms } from "./Terms.ts"

export interface TriggerAlert {
  readonly labels: Labels
  readonly summary: string
  /** Unix ms. */
  readonly startsAt: number
}

const iso = (time: number) => DateTime.formatIso(DateTime.makeUnsafe(time))

export const triggerAlert = (terms: Terms, met: TriggerMet): TriggerAlert => ({
  labels: { alertname: "InsuranceTrigger", coin: terms.coin, kind: "insurance", severity: "critical", terms: terms.name },
  summary: `the terms ${terms.name} are met since ${iso(met.metAt)}: ${describeTerms(terms)}; ${met.minutes} minutes counted, ${met.gapMinutes} were gaps, the loss then was ${met.lossBps.toFixed(1)} bps`,
  startsAt: met.metAt
})
