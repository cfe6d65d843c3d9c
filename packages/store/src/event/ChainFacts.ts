/**
 * Reads one family's facts in the order of its chain.
 *
 * Appenders of a family take turns until their transactions are over, so the chain's order is the order in which facts became visible: whoever goes on after
 * the last place that was seen misses nothing.
 */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { eventColumns, type StoredEvent } from "./EventStore.ts"

/** At most `limit` facts of `family` behind place `after`, the first of a chain being at 1. */
export const readChain = Effect.fnUntraced(function* (options: {
  readonly family: string
  readonly after: number
  readonly limit: number
}) {
  const sql = yield* SqlClient.SqlClient
  return yield* sql<StoredEvent>`
    select ${sql.literal(eventColumns)} from event
    where family = ${options.family} and chain_index > ${options.after} order by chain_index limit ${options.limit}`
})
