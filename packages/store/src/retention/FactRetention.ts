/**
 * Removes old facts from the beginning of each family's chain.
 *
 * What goes first is signed and exported: the hash of the last fact that is removed, which the chain then begins after, so that `verify` and
 * auditors can still tell whether the rest is what it was. Facts that a consumer has not read stay, and so do families that read models are
 * rebuilt from.
 */
import { Array, Effect } from "effect"
import { SqlClient } from "effect/sql"
import { anchorOf, type ChainAnchor } from "../event/Chain.ts"
import { EventStore } from "../event/EventStore.ts"

export interface FactLimits {
  /** Facts that were recorded earlier go; Unix ms. */
  readonly before: number
  /** Beyond so many facts the oldest go, whatever their age. */
  readonly factsMax: number
  /** Families of which nothing is removed. */
  readonly keepFamilies: ReadonlyArray<string>
}

/** Facts in one transaction: readers and appenders do not wait for long. */
const removeBatch = 10_000

/** How many facts each family has. */
const countFacts = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql<{ family: string; count: number }>`
    select event_chain.family, (length - coalesce(event_anchor.chain_index, 0))::float8 as count
    from event_chain left join event_anchor on event_anchor.family = event_chain.family order by event_chain.family`
)

const totalOf = (counts: ReadonlyArray<{ readonly count: number }>) => counts.reduce((sum, { count }) => sum + count, 0)

/** The last fact of each family that may go. */
export const planRemoval = Effect.fn("planRemoval")(function* ({ before, factsMax, keepFamilies }: FactLimits) {
  const sql = yield* SqlClient.SqlClient
  const store = yield* EventStore
  const removable = (yield* countFacts).filter(({ family }) => !keepFamilies.includes(family))
  const excess = totalOf(removable) - factsMax
  const families = removable.map(({ family }) => family)
  if (!Array.isArrayNonEmpty(families)) return []
  const [beyond] =
    excess <= 0
      ? []
      : yield* sql<{ transaction: string; position: number }>`
          select transaction_id::text as transaction, position::float8 as position from event where family in ${sql.in(families)}
          order by transaction_id, position offset ${excess - 1} limit 1`
  const plan: Array<ChainAnchor> = []
  for (const family of families) {
    const anchor = yield* anchorOf(family)
    const [firstKept] = yield* sql<{ chainIndex: number }>`
      select chain_index::float8 as "chainIndex" from event
      where family = ${family} and (
        (recorded_at >= ${before}
          and (transaction_id, position) > (${beyond?.transaction ?? "0"}::xid8, ${beyond?.position ?? 0}))
        or exists (select 1 from consumer
                   where (consumer.transaction_id, consumer.position) < (event.transaction_id, event.position)))
      order by chain_index limit 1`
    const [end] = yield* sql<{ last: number | null }>`
      select max(chain_index)::float8 as last from event where family = ${family}`
    const last = firstKept === undefined ? (end?.last ?? 0) : firstKept.chainIndex - 1
    const hash = last > anchor.chainIndex ? yield* store.hashAt(family, last) : undefined
    if (hash !== undefined) plan.push({ family, chainIndex: last, hash })
  }
  return plan
})

/** Removes what was planned; the anchors move with it. How many facts. */
export const removeFacts = Effect.fn("removeFacts")(function* (plan: ReadonlyArray<ChainAnchor>) {
  const sql = yield* SqlClient.SqlClient
  const store = yield* EventStore
  let removed = 0
  for (const { chainIndex: last, family } of plan) {
    for (let from = (yield* anchorOf(family)).chainIndex; from < last;) {
      const to = Math.min(last, from + removeBatch)
      const hash = yield* store.hashAt(family, to)
      // Another engine was here first.
      if (hash === undefined) break
      yield* sql.withTransaction(
        Effect.andThen(
          sql`
            insert into event_anchor (family, chain_index, hash) values (${family}, ${to}, ${hash})
            on conflict (family) do update set chain_index = excluded.chain_index, hash = excluded.hash
            where event_anchor.chain_index < excluded.chain_index`,
          sql`delete from event where family = ${family} and chain_index <= ${to}`
        )
      )
      removed += to - from
      from = to
    }
  }
  // What is remembered of facts that could not be handled goes with them.
  yield* sql`delete from consumer_poison where not exists (select 1 from event where event.position = consumer_poison.position)`
  return removed
})

/** What is kept although the limits say otherwise, and why; in words. */
export const describeKept = Effect.fn("describeKept")(function* ({ before, factsMax, keepFamilies }: FactLimits) {
  const sql = yield* SqlClient.SqlClient
  const counts = yield* countFacts
  const words = counts
    .filter(({ count, family }) => keepFamilies.includes(family) && count > factsMax)
    .map(({ count, family }) => `${count} facts of the family ${family}, which read models are rebuilt from`)
  const removable = counts.filter(({ family }) => !keepFamilies.includes(family))
  const families = removable.map(({ family }) => family)
  if (!Array.isArrayNonEmpty(families)) return words
  const [old] = yield* sql<{ count: number }>`
    select count(*)::float8 as count from event where family in ${sql.in(families)} and recorded_at < ${before}`
  const count = Math.max(old!.count, totalOf(removable) - factsMax)
  const [behind] = yield* sql<{ name: string }>`select name from consumer order by transaction_id, position limit 1`
  if (count > 0 && behind !== undefined) words.push(`${count} facts, because the consumer ${behind.name} has not read them`)
  return words
})
