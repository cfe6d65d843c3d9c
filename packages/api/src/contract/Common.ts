/** What several groups of the contract share. */
import { Schema } from "effect"

export const MaybeFinite = Schema.NullOr(Schema.Finite)

/** A parameter that is not known was meant for something: it is named, not passed over. */
export const noQuery = Schema.Record(Schema.String, Schema.Never)

/** The database does not answer. */
export class StoreUnavailable extends Schema.TaggedError<StoreUnavailable>()(
  "StoreUnavailable",
  { problem: Schema.String },
  { httpApiStatus: 503 }
) {}
