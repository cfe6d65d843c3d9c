/** A month in UTC. */
import { DateTime, Option, Schema } from "effect"

/** `2026-11` */
export const Month = Schema.String.check(Schema.isPattern(/^20\d\d-(0[1-9]|1[0-2])$/))

/** From its first moment until the next month's, Unix ms. */
export const periodOfMonth = (month: string): { readonly from: number; readonly until: number } => {
  const first = Option.getOrThrow(DateTime.make(`${month}-01T00:00:00Z`))
  return { from: DateTime.toEpochMillis(first), until: DateTime.toEpochMillis(DateTime.add(first, { months: 1 })) }
}
