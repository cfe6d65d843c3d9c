/** The fact of the log that a group was told of its alerts, and to whom. */
import { Schema } from "effect"
import { createHash } from "node:crypto"

/** A group was told of its alerts: for each receiver there is a notification. */
export const Notified = Schema.Struct({
  idempotencyKey: Schema.String,
  groupKey: Schema.String,
  why: Schema.Literals(["firing", "resolved", "repeat", "escalation"]),
  receivers: Schema.Array(Schema.String),
  /** Which states of which alerts: `position` is that of the fact behind it. */
  alerts: Schema.Array(Schema.Struct({ fingerprint: Schema.String, status: Schema.String, position: Schema.Int })),
  /** SHA-256 of the notification as it was promised, base64. */
  digest: Schema.String
})
export type Notified = typeof Notified.Type

/** The family of these facts: of each group, a stream. */
export const notifiedFamily = "notified"

export const digestOf = (payload: string): string => createHash("sha256").update(payload).digest("base64")
