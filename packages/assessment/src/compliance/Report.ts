/**
 * A month of the log as a report, for whoever must show what the engine noticed, who was told, what people did, and whether the engine was there.
 *
 * Everything in it follows from facts that were recorded before the month's end and from the check of the log: no time of making, no order of a hash map.
 * The same log gives the same bytes, and a log that has grown since gives the same report of a past month.
 */
import { Schema } from "effect"
import { Month } from "./Month.ts"

export const reportFormat = "evenkeel-report-1"

/** Unix ms. */
const Time = Schema.Finite
const MaybeTime = Schema.NullOr(Time)

export const AlertEntry = Schema.Struct({
  fingerprint: Schema.String,
  labels: Schema.Record(Schema.String, Schema.String),
  /** Of a made-up market, as in every part below. */
  simulated: Schema.Boolean,
  /** In the engine's time: the bars' and frames' that caused it. */
  startsAt: Time,
  endsAt: MaybeTime,
  closedReason: Schema.NullOr(Schema.String),
  /** Each level with when its fact was recorded. */
  levels: Schema.Array(Schema.Struct({ at: Time, level: Schema.String })),
  /** What was promised to whom. That it arrived is no fact of the log. */
  notified: Schema.Array(Schema.Struct({ at: Time, why: Schema.String, receivers: Schema.Array(Schema.String) })),
  acknowledged: Schema.Array(Schema.Struct({ at: Time, by: Schema.String, comment: Schema.String, afterSeconds: Schema.Finite }))
})
export type AlertEntry = typeof AlertEntry.Type

export const ActionEntry = Schema.Struct({ at: Time, what: Schema.String, who: Schema.String, why: Schema.String })
export type ActionEntry = typeof ActionEntry.Type

export const RunEntry = Schema.Struct({
  engine: Schema.String,
  run: Schema.String,
  /** The market was made up; false where the fact is of an older version. */
  simulated: Schema.Boolean,
  startedAt: MaybeTime,
  stoppedAt: MaybeTime,
  /** `missing`: the next start found no end: it was killed, or ran on beside. `running`: by the month's end it had none. */
  end: Schema.Literals(["stopped", "missing", "running"])
})
export type RunEntry = typeof RunEntry.Type

export const SettingEntry = Schema.Struct({
  at: Time,
  engine: Schema.String,
  what: Schema.Literals(["changed", "reloaded", "refused"]),
  why: Schema.String,
  changes: Schema.Array(Schema.Struct({ setting: Schema.String, from: Schema.String, to: Schema.String }))
})
export type SettingEntry = typeof SettingEntry.Type

export const Report = Schema.Struct({
  format: Schema.Literal(reportFormat),
  month: Month,
  from: Time,
  until: Time,
  /** The log's own id, and where each family's chain stood at the month's end. */
  log: Schema.String,
  heads: Schema.Array(Schema.Struct({ family: Schema.String, length: Schema.Int, hash: Schema.String })),
  /** Position of the last fact of the month's log; 0 where there is none. */
  position: Schema.Int,
  /** Families of which retention has removed facts of this month, or of before that might still matter. */
  removed: Schema.Array(Schema.Struct({ family: Schema.String, facts: Schema.Int, keptSince: MaybeTime })),
  /** Facts beyond the bound on what is read, and facts that could not be understood: counted below and in no other part. */
  beyondBound: Schema.Int,
  unreadable: Schema.Int,
  audit: Schema.Struct({
    holds: Schema.Boolean,
    problem: Schema.NullOr(Schema.String),
    seals: Schema.Array(Schema.Struct({ family: Schema.String, verdict: Schema.String }))
  }),
  alerts: Schema.Array(AlertEntry),
  actions: Schema.Array(ActionEntry),
  runs: Schema.Array(RunEntry),
  /** Times in which nobody could see a coin, as far as they are known. */
  stale: Schema.Array(Schema.Struct({ coin: Schema.String, simulated: Schema.Boolean, from: MaybeTime, until: MaybeTime })),
  levels: Schema.Array(
    Schema.Struct({
      coin: Schema.String,
      simulated: Schema.Boolean,
      changes: Schema.Record(Schema.String, Schema.Int),
      lowestValue: Schema.NullOr(Schema.Finite),
      lowestAt: MaybeTime
    })
  ),
  settings: Schema.Array(SettingEntry),
  /** The champion when the month began; null where none is known. */
  championBefore: Schema.NullOr(Schema.Int),
  models: Schema.Array(Schema.Struct({ at: Time, what: Schema.String, version: Schema.Int, detail: Schema.String })),
  covers: Schema.Array(
    Schema.Struct({ at: Time, name: Schema.String, simulated: Schema.Boolean, what: Schema.String, detail: Schema.String })
  ),
  /** Every fact of the month, also those that have no part of their own above. */
  counts: Schema.Array(Schema.Struct({ family: Schema.String, kind: Schema.String, facts: Schema.Int }))
})
export type Report = typeof Report.Type

export const ReportJson = Schema.fromJsonString(Report)
