/**
 * Follows the log at its own pace: a named cursor, and a handler that runs in one transaction with the cursor's move.
 *
 * Either a fact was handled and the cursor is past it, or neither: a crash repeats nothing and skips nothing. Consumers of one name take turns
 * on the cursor's row, so that engines that share a database handle each fact once. A fact that cannot be handled is set aside in a table
 * after `attemptsMax` tries, reported, and stepped over; a database that does not answer is waited for.
 */
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { type Pulse, Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { monotonicMillis } from "@evenkeel/runtime/time/Monotonic"
import { waitAtMost } from "@evenkeel/runtime/supervision/WaitAtMost"
import { Metrics } from "@evenkeel/runtime/telemetry/Metrics"
import { Cause, Clock, Effect, Metric, Result } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { databaseProblem, statementHangsAfter } from "../database/DatabaseProblem.ts"
import { beginning, type Cursor, EventStore, type StoredEvent } from "./EventStore.ts"

export interface ConsumerOptions<E, R> {
  /** Unique among consumers; what the cursor is kept under. */
  readonly name: string
  /** Only facts of these families; all when left out. */
  readonly families?: ReadonlyArray<string>
  /** Runs in the transaction that moves the cursor. What it writes elsewhere may be repeated. */
  readonly handle: (event: StoredEvent) => Effect.Effect<void, E, R>
  /** After each batch is committed. */
  readonly afterCommit?: Effect.Effect<void>
}

export interface Consumer {
  /** Handles everything that there is; how many facts that were. */
  readonly drain: Effect.Effect<number, SqlError.SqlError>
}

/** Facts in one transaction. */
const batchMax = 100
/** A fact that failed so often is set aside. */
const attemptsMax = 3
/** Of what is kept about a fact that was set aside; stacks can be long. */
const problemCharactersMax = 4000
const causesMax = 5
/** A larger lag is shown as this. */
const lagMax = 100_000
/** Without an append of this process the log is looked at this often: other engines append too. */
const lookMillis = 1000
/** After an append that cannot be read yet, because an older transaction is not over, the log is looked at again so soon, then half as often. */
const lookAgainMillis = 5
/** A transaction that holds facts back for longer is not just slow. */
const heldMillisMax = 10_000
/** While the database is away. */
const databaseWait = "2 seconds"
/** On shutdown, what was appended before is still handled. */
const drainWithin = "2 seconds"

interface SetAside {
  readonly event: StoredEvent
  /** In one line; the table has the stack, too. */
  readonly problem: string
}

/** Handles one batch; how many facts it stepped over, and those of them that could not be handled. */
const handleBatch = Effect.fnUntraced(function* <E, R>({ families, handle, name }: ConsumerOptions<E, R>, beat: Effect.Effect<void>) {
  const sql = yield* SqlClient.SqlClient
  const store = yield* EventStore
  yield* sql`
    insert into consumer (name, transaction_id, position) values (${name}, ${beginning.transaction}::xid8, 0) on conflict do nothing`
  const [cursor] = yield* sql<Cursor>`
    select transaction_id::text as transaction, position::float8 as position from consumer where name = ${name} for update`
  const upTo = yield* store.end
  const events = yield* store.read({ after: cursor!, upTo, limit: batchMax, ...(families === undefined ? {} : { families }) })
  const setAside: Array<SetAside> = []
  for (const event of events) {
    yield* beat
    // A savepoint of its own: what a failed attempt wrote is undone, and the batch goes on.
    const attempt = sql.withTransaction(Effect.suspend(() => handle(event))).pipe(Effect.sandbox, Effect.result)
    let outcome = yield* attempt
    for (let tries = 1; Result.isFailure(outcome) && tries < attemptsMax && databaseTrouble(outcome.failure) === undefined; tries++)
      outcome = yield* attempt
    if (Result.isSuccess(outcome)) continue
    // The database's own trouble is not the fact's: the whole batch is tried again.
    const trouble = databaseTrouble(outcome.failure)
    if (trouble !== undefined) return yield* trouble
    const problem = Cause.pretty(outcome.failure).slice(0, problemCharactersMax)
    yield* sql`
      insert into consumer_poison ${sql.insert({ consumer: name, position: event.position, problem, at: yield* Clock.currentTimeMillis })}
      on conflict (consumer, position) do update set problem = excluded.problem, at = excluded.at`
    setAside.push({ event, problem: messagesOf(outcome.failure) })
  }
  // Behind a batch that was not full there is nothing of these families up to `upTo`.
  const last = events.length === batchMax ? events.at(-1)! : upTo
  if (last.transaction !== cursor!.transaction || last.position !== cursor!.position)
    yield* sql`
      update consumer set transaction_id = ${last.transaction}::xid8, position = ${last.position} where name = ${name}
        and (transaction_id, position) < (${last.transaction}::xid8, ${last.position})`
  return { steps: events.length, setAside }
})

const databaseTroubles = new Set<SqlError.SqlError["reason"]["_tag"]>([
  "ConnectionError",
  "AuthenticationError",
  "AuthorizationError",
  "DeadlockError",
  "SerializationError",
  "LockTimeoutError",
  "StatementTimeoutError"
])

/** The error when it is about the database itself, and not about what the handler asked of it. */
const databaseTrouble = (cause: Cause.Cause<unknown>): SqlError.SqlError | undefined => {
  const error = Cause.squash(cause)
  return SqlError.isSqlError(error) && databaseTroubles.has(error.reason._tag) ? error : undefined
}

/** The messages of an error and of what caused it. */
const messagesOf = (cause: Cause.Cause<unknown>): string => {
  const messages: Array<string> = []
  for (let error: unknown = Cause.squash(cause); error !== undefined && messages.length < causesMax;) {
    const message = error instanceof Error ? error.message : String(error)
    if (messages.at(-1) !== message) messages.push(message)
    error = error instanceof Error ? error.cause : undefined
  }
  return messages.join(": ")
}

const componentOf = (name: string): string => `consumer:${name}`

/** Handles all that there is, batch by batch; how many facts. Also for tests and for rebuilding. */
export const drainConsumer = Effect.fnUntraced(function* <E, R>(options: ConsumerOptions<E, R>, beat: Effect.Effect<void> = Effect.void) {
  const sql = yield* SqlClient.SqlClient
  let total = 0
  for (;;) {
    const { setAside, steps } = yield* sql.withTransaction(handleBatch(options, beat))
    total += steps
    for (const { event, problem } of setAside) {
      const { kind, position } = event
      yield* Effect.logError("a fact cannot be handled and is set aside", { consumer: options.name, position, kind, problem })
      yield* Metric.update(Metric.withAttributes(Metrics.factsSetAside, { consumer: options.name }), 1)
    }
    if (steps > 0 && options.afterCommit !== undefined) yield* options.afterCommit
    if (steps < batchMax) return total
  }
})

/** Facts that the consumer has not handled yet, counted up to `lagMax`. */
export const lagOf = Effect.fnUntraced(function* (name: string, families?: ReadonlyArray<string>) {
  const sql = yield* SqlClient.SqlClient
  // The cursor as two scalars, so that the index on the log's order finds where to begin.
  const [row] = yield* sql<{ lag: number }>`
    select count(*)::float8 as lag from (
      select 1 from event
      where (transaction_id, position) > (
          coalesce((select transaction_id from consumer where name = ${name}), ${beginning.transaction}::xid8),
          coalesce((select position from consumer where name = ${name}), 0)
        )
        ${families === undefined ? sql`` : sql`and family in ${sql.in(families)}`}
      limit ${lagMax}
    ) as waiting`
  return row?.lag ?? 0
})

/** Facts that the consumer could not handle, oldest first, with why. */
export const setAsideBy = (name: string) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) => sql<{ position: number; problem: string }>`
      select position::float8 as position, problem from consumer_poison where consumer = ${name} order by position`
  )

/** The names of all consumers that the log has ever had. */
export const consumerNames = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ name: string }>`select name from consumer order by name`
  return rows.map(({ name }) => name)
})

/** Forgets what the consumer has set aside, once somebody has looked at it; how many facts that were. They are not handled again. */
export const forgetSetAside = Effect.fnUntraced(function* (name: string) {
  const sql = yield* SqlClient.SqlClient
  const gone = yield* sql`delete from consumer_poison where consumer = ${name} returning position`
  return gone.length
})

/**
 * Puts the cursor back to the beginning and forgets what was set aside; in the transaction at hand. What the handler wrote before stays: whoever
 * resets a consumer clears that first.
 */
export const resetConsumer = Effect.fnUntraced(function* (name: string) {
  const sql = yield* SqlClient.SqlClient
  yield* sql`delete from consumer where name = ${name}`
  yield* sql`delete from consumer_poison where consumer = ${name}`
})

/** Follows the log for as long as the caller's scope lasts, and handles what is left when it closes. */
export const makeConsumer = Effect.fnUntraced(function* <E, R>(options: ConsumerOptions<E, R>) {
  const store = yield* EventStore
  const supervisor = yield* Supervisor
  const health = yield* HealthRegistry
  const sql = yield* SqlClient.SqlClient
  const component = componentOf(options.name)
  const context = yield* Effect.context<R | SqlClient.SqlClient | EventStore>()
  const drain = (beat?: Effect.Effect<void>) => drainConsumer(options, beat).pipe(Effect.provideContext(context))
  let lag = 0
  let setAside = 0
  /** Since when there are facts, and none that can be read; undefined while there is progress. */
  let heldSince: number | undefined
  let heldSaid = false
  /** Health is `degraded` for as long as there are facts that were set aside. */
  const measure = Effect.fnUntraced(function* (handled: number) {
    lag = yield* lagOf(options.name, options.families)
    const [aside] = yield* sql<{ count: number; newest: number | null }>`
      select count(*)::float8 as count, max(position)::float8 as newest from consumer_poison where consumer = ${options.name}`
    setAside = aside?.count ?? 0
    const now = yield* monotonicMillis
    heldSince = lag > 0 && handled === 0 ? (heldSince ?? now) : undefined
    if (heldSince === undefined) heldSaid = false
    else if (now - heldSince >= heldMillisMax) {
      const [oldest] = yield* sql<{ pid: number; database: string | null }>`
        select pid::int as pid, datname as database from pg_stat_activity where backend_xid is not null and pid <> pg_backend_pid()
        order by xact_start limit 1`
      const who = oldest === undefined ? "" : ` (process ${oldest.pid}, database ${oldest.database})`
      const words = `${lag} facts cannot be read: a transaction that is older than they are is still open on the server${who}`
      if (!heldSaid) yield* Effect.logError(words, { consumer: options.name })
      heldSaid = true
      return yield* health.report(component, "unready", words)
    }
    yield* setAside === 0
      ? health.report(component, "running")
      : health.report(component, "degraded", `${setAside} facts could not be handled and are set aside, the last at ${aside?.newest}`)
  }, Effect.provideContext(context))
  const appended = yield* store.listen
  let pause = lookMillis
  const waitForMore = Effect.raceFirst(
    Effect.map(appended, () => {
      pause = lookAgainMillis
    }),
    Effect.suspend(() => Effect.sleep(pause))
  )
  const follow = Effect.fnUntraced(function* ({ beat, waiting }: Pulse) {
    const handled = yield* drain(beat)
    pause = handled > 0 ? lookMillis : Math.min(lookMillis, pause * 2)
    yield* beat
    yield* measure(handled)
    yield* waiting(waitForMore)
  })
  yield* health.gauge(component, "lag", () => lag)
  yield* health.gauge(component, "set_aside", () => setAside)
  yield* supervisor.superviseBeating(
    component,
    (pulse) =>
      follow(pulse).pipe(
        Effect.catchTag("SqlError", (error) =>
          health
            .report(component, "degraded", databaseProblem(error))
            .pipe(
              Effect.andThen(Effect.logWarning("the log cannot be followed", { consumer: options.name, problem: databaseProblem(error) })),
              Effect.andThen(pulse.waiting(Effect.sleep(databaseWait)))
            )
        ),
        Effect.forever
      ),
    statementHangsAfter
  )
  // Runs before the loop is interrupted.
  yield* Effect.addFinalizer(() => drain().pipe(Effect.ignore, waitAtMost(drainWithin)))
  return { drain: drain() } satisfies Consumer
})
