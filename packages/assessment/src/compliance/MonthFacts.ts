/**
 * Reads what a report of a month is made from: its facts in their order, and of before what still stood when it began.
 *
 * A fact belongs to the month in which it was recorded, in UTC by the clock of the machine that wrote it.
 */
import { compareHeads } from "@evenkeel/store/event/AuditHead"
import { checkSeals } from "@evenkeel/store/event/AuditSeals"
import { type ChainHead } from "@evenkeel/store/event/Chain"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { periodOfMonth } from "./Month.ts"
import type { Report } from "./Report.ts"

export interface MonthFact {
  readonly position: number
  readonly stream: string
  readonly family: string
  readonly kind: string
  /** JSON. */
  readonly payload: string
  readonly recordedAt: number
}

export interface MonthOfLog extends Pick<Report, "audit" | "beyondBound" | "counts" | "heads" | "log" | "month" | "position" | "removed"> {
  /** Of before the month: alerts that fired and when they opened, the last level of each coin, starts and stops, the last champion. */
  readonly before: ReadonlyArray<MonthFact>
  readonly facts: ReadonlyArray<MonthFact>
}

/** Facts of one month that are read; more are counted. */
export const factsMax = 100_000
/** Starts and stops before the month. */
const runsBeforeMax = 1000

const columns = `position::float8 as position, stream, family, kind, payload, recorded_at as "recordedAt"`

/** `publicKey`: the engine's, where it is known; otherwise the key that a seal names is believed. */
export const readMonth = Effect.fn("readMonth")(function* (month: string, publicKey?: string) {
  const sql = yield* SqlClient.SqlClient
  const events = yield* EventStore
  const { from, until } = periodOfMonth(month)
  const select = sql.literal(columns)
  // Readings are evidence of a cover, and have a file of their own.
  const facts = yield* sql<MonthFact>`
    select ${select} from event where recorded_at >= ${from} and recorded_at < ${until} and kind <> 'ReadingsTaken'
    order by transaction_id, event.position limit ${factsMax}`
  const [{ total } = { total: 0 }] = yield* sql<{ total: number }>`
    select count(*)::float8 as total from event where recorded_at >= ${from} and recorded_at < ${until} and kind <> 'ReadingsTaken'`
  const counts = yield* sql<Report["counts"][number]>`
    select family, kind, count(*)::float8 as facts from event where recorded_at >= ${from} and recorded_at < ${until}
    group by family, kind order by family, kind`
  const lastOfStreams = yield* sql<MonthFact>`
    select * from (
      select distinct on (stream) ${select} from event
      where family in ('alert', 'coin') and recorded_at < ${from} order by stream, version desc
    ) as last where kind <> 'AlertResolved' order by "recordedAt", position limit ${factsMax}`
  // When those alerts began: time to acknowledgement counts from there, and not from their last change.
  const openings = yield* sql<MonthFact>`
    select * from (
      select distinct on (stream) ${select} from event
      where family = 'alert' and kind = 'AlertOpened' and recorded_at < ${from} order by stream, version desc
    ) as opened where stream in (
      select stream from (
        select distinct on (stream) stream, kind from event
        where family = 'alert' and recorded_at < ${from} order by stream, version desc
      ) as last where kind = 'AlertChanged'
    ) order by "recordedAt", position limit ${factsMax}`
  const runs = yield* sql<MonthFact>`
    select * from (
      select ${select} from event
      where family = 'engine' and kind in ('EngineStarted', 'EngineStopped', 'EngineStopMissing') and recorded_at < ${from}
      order by transaction_id desc, event.position desc limit ${runsBeforeMax}
    ) as runs order by position`
  const champion = yield* sql<MonthFact>`
    select ${select} from event where stream = 'model/registry' and kind in ('ModelPromoted', 'ModelRolledBack') and recorded_at < ${from}
    order by version desc limit 1`
  const heads = yield* sql<ChainHead>`
    select distinct on (family) family, chain_index::float8 as length, hash from event
    where recorded_at < ${until} order by family, chain_index desc`
  const [{ position } = { position: 0 }] = yield* sql<{ position: number }>`
    select coalesce(max(position), 0)::float8 as position from event where recorded_at < ${until}`
  const removed = yield* sql<Report["removed"][number] & { readonly keptSince: number | null }>`
    select family, chain_index::float8 as facts,
      (select recorded_at from event where event.family = event_anchor.family order by event.chain_index limit 1) as "keptSince"
    from event_anchor where chain_index > 0 order by family`
  return {
    month,
    log: events.id,
    heads,
    position,
    removed: removed.filter(({ keptSince }) => keptSince === null || keptSince > from),
    beyondBound: Math.max(0, total - facts.length),
    counts,
    audit: yield* checkLog(heads, publicKey),
    before: [...openings, ...lastOfStreams, ...runs, ...champion],
    facts
  } satisfies MonthOfLog
})

const holding = ["unchanged", "grown"]

/** That it has grown since says nothing against it, and would make another report of the same month. */
const checkLog = Effect.fnUntraced(function* (heads: ReadonlyArray<ChainHead>, publicKey: string | undefined) {
  const events = yield* EventStore
  const problem = yield* events.verify.pipe(
    Effect.as(null),
    Effect.catchTag("ChainBroken", (error) => Effect.succeed(error.message))
  )
  const families = new Set(heads.map(({ family }) => family))
  const seals = (yield* checkSeals(publicKey))
    .filter(({ family }) => families.has(family))
    .map(({ family, verdict }) => ({ family, verdict: holding.includes(verdict) ? "holds" : verdict }))
    .sort((a, b) => (a.family < b.family ? -1 : 1))
  const heldThen = yield* compareHeads(heads)
  const holds = problem === null && [...seals, ...heldThen].every(({ verdict }) => ["holds", ...holding, "removed"].includes(verdict))
  return { holds, problem, seals }
})
