/**
 * Makes a read model anew from nothing, by folding every fact of its families, oldest first.
 *
 * Appenders of these families wait until the caller's transaction is over: no fact is folded twice, none is missed, and what they write into the
 * read model afterwards finds it complete.
 */
import { Array, Effect, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { anchorOf } from "./Chain.ts"
import { beginning, type Cursor, eventColumns, type StoredEvent } from "./EventStore.ts"

export interface Projection<E, R> {
  readonly families: Array.NonEmptyReadonlyArray<string>
  /** Empties the read model. */
  readonly clear: Effect.Effect<unknown, E, R>
  readonly apply: (fact: StoredEvent) => Effect.Effect<unknown, E, R>
}

/** Facts that the read model needs were removed by retention: it is left as it is. */
export class HistoryRemoved extends Schema.TaggedError<HistoryRemoved>()("HistoryRemoved", { family: Schema.String, facts: Schema.Int }) {
  override get message() {
    return `the first ${this.facts} facts of the family ${this.family} were removed: what is made from them cannot be made anew`
  }
}

const page = 1000

/** Call it in a transaction. Returns how many facts were folded. */
export const foldFacts = Effect.fn("foldFacts")(function* <E, R>({ apply, clear, families }: Projection<E, R>) {
  const sql = yield* SqlClient.SqlClient
  // In one order, so that two that fold do not wait for each other in a circle.
  yield* sql`select 1 from event_chain where family in ${sql.in(families)} order by family for update`
  for (const family of families) {
    const { chainIndex } = yield* anchorOf(family)
    if (chainIndex > 0) return yield* new HistoryRemoved({ family, facts: chainIndex })
  }
  yield* clear
  let after: Cursor = beginning
  let folded = 0
  for (;;) {
    const facts: ReadonlyArray<StoredEvent> = yield* sql<StoredEvent>`
      select ${sql.literal(eventColumns)} from event
      where family in ${sql.in(families)} and (transaction_id, position) > (${after.transaction}::xid8, ${after.position})
      order by transaction_id, position limit ${page}`
    yield* Effect.forEach(facts, apply, { discard: true })
    folded += facts.length
    if (facts.length < page) return folded
    after = facts.at(-1)!
  }
})
