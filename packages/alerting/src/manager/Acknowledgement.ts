/**
 * Somebody says that he looks at an alert: it is not repeated any more, and not escalated. What he has seen is this opening of the alert at this level: when
 * it becomes worse, or opens again, it is unseen again.
 */
import { RiskLevel, severity } from "@evenkeel/domain/risk/RiskLevel"
import { Schema } from "effect"
import type { AlertState } from "./Decide.ts"

/** A fact of the log, in the alert's stream of them; the last one holds. */
export const Acknowledgement = Schema.Struct({
  fingerprint: Schema.String,
  /** Of the alert: another opening is another alert. */
  openedPosition: Schema.Int,
  level: RiskLevel,
  by: Schema.NonEmptyString,
  comment: Schema.String,
  /** Unix ms. */
  at: Schema.Finite
})
export type Acknowledgement = typeof Acknowledgement.Type

export const AcknowledgementDraft = Schema.Struct({
  by: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(100)),
  comment: Schema.String.check(Schema.isMaxLength(1000))
})
export type AcknowledgementDraft = typeof AcknowledgementDraft.Type

/** No alert of this fingerprint fires. */
export class NoSuchAlert extends Schema.TaggedError<NoSuchAlert>()("NoSuchAlert", { fingerprint: Schema.String }, { httpApiStatus: 404 }) {
  override get message() {
    return `no alert ${this.fingerprint} fires`
  }
}

/** Whether the acknowledgement is of the alert as it is now. */
export const isAcknowledged = (acknowledgement: Acknowledgement | undefined, { alert, openedPosition }: AlertState): boolean =>
  acknowledgement !== undefined &&
  acknowledgement.openedPosition === openedPosition &&
  severity(alert.level) <= severity(acknowledgement.level)
