/** How a cover stands, for whoever asks the engine. */
import { Schema } from "effect"
import { TriggerMet } from "./InsuranceFacts.ts"
import { Terms } from "./Terms.ts"
import { Verdict } from "./Trigger.ts"

export const CoverStatus = Schema.Struct({
  terms: Terms,
  digest: Schema.String,
  /** Since when these terms are watched, Unix ms; null until their fact is written. */
  watchedSince: Schema.NullOr(Schema.Finite),
  verdict: Verdict,
  /** The fact that the terms are met, once it is written. */
  met: Schema.NullOr(TriggerMet),
  /** The last minute whose reading is in the log, Unix ms. */
  lastReading: Schema.NullOr(Schema.Finite),
  facts: Schema.Int,
  /** Readings that wait for the database, and those that were lost to its absence. */
  waiting: Schema.Int,
  lost: Schema.Int,
  simulated: Schema.Boolean
})
export type CoverStatus = typeof CoverStatus.Type
