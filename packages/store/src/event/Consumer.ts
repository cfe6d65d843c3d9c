/**
 * Follows the log at its own pace: a named cursor, and a handler that runs in one transaction with the cursor's move.
 *
 * Either a fact was handled and the cursor is past it, or neither: a crash repeats nothing and skips nothing. Consumers of one name take turns
 * on the cursor's row, so that engines that share a database handle each fact once. A fact that cannot be handled is set aside in a table
 * after `attemptsMax` tries, reported, and stepped over; a database that does not answer is waited for.
 */
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { Metrics } from "@evenkeel/runtime/telemetry/Metrics"
import { Cause, Clock, Effect, Metric, Result } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { beginning, type Cursor, EventStore, type StoredEvent } from "./EventStore.ts"

export interface ConsumerOptions<E, R> {
  /** Unique among consumers; what the cursor is kept under. */
  readonly name: string
  /** Only facts of these families; all when left out. */
  readonly families?: ReadonlyArray<string>
  /** Runs in the transaction that moves the cursor. */
  readonly handle: (event: StoredEvent) => Effect.Effect<void, E, R>
  /** After each batch is committed. */
  readonly afterCommit?: Effect.Effect<void>
}

export interface Consumer<R> {
  /** Handles everything that there is; how many facts that were. */
  readonly drain: Effect.Effect<number, SqlError.SqlError, R>
}

/** Facts in one transaction. */
const batchMax = 100
/** A fact that failed so often is set aside. */
const attemptsMax = 3
/** Without an append of this process the log is looked at this often: other engines append too. */
const lookMillis = 1000
/** After an append that cannot be read yet, because an older transaction is not over, the log is looked at again so soon, then half as often. */
const lookAgainMillis = 5
/** While the database is away. */
const databaseWait = "2 seconds"
/** On shutdown, what was appended before is still handled. */
const drainWithin = "2 seconds"

/** Handles one batch; how many facts it stepped over. */
const handleBatch = Effect.fnUntraced(function* <E, R>({ families, handle, name }: ConsumerOptions<E, R>) {
  const sql = yield* SqlClient.SqlClient
  const store = yield* EventStore
  const health = yield* HealthRegistry
  yield* sql`
    insert into consumer (name, transaction_id, position) values (${name}, ${beginning.transaction}::xid8, 0) on conflict do nothing`
  const [cursor] = yield* sql<Cursor>`
    select transaction_id::text as transaction, position::float8 as position from consumer where name = ${name} for update`
  const events = yield* store.read({ after: cursor!, limit: batchMax, ...(families === undefined ? {} : { families }) })
  for (const event of events) {
    // A savepoint of its own: what a failed attempt wrote is undone, and the batch goes on.
    const attempt = sql.withTransaction(Effect.suspend(() => handle(event))).pipe(Effect.sandbox, Effect.result)
    let outcome = yield* attempt
    for (let tries = 1; Result.isFailure(outcome) && tries < attemptsMax && !isDatabaseTrouble(outcome.failure); tries++)
      outcome = yield* attempt
    if (Result.isSuccess(outcome)) continue
    const error = Cause.squash(outcome.failure)
    // The database's own trouble is not the fact's: the whole batch is tried again.
    if (isDatabaseTrouble(outcome.failure) && SqlError.isSqlError(error)) return yield* error
    const problem = Cause.pretty(outcome.failure)
    yield* sql`
      insert into consumer_poison ${sql.insert({ consumer: name, position: event.position, problem, at: yield* Clock.currentTimeMillis })}
      on conflict do nothing`
    yield* Effect.logError("a fact cannot be handled and is set aside", {
      consumer: name,
      position: event.position,
      kind: event.kind,
      problem
    })
    yield* health.report(componentOf(name), "degraded", `fact ${event.position} could not be handled and is set aside`)
    yield* Metric.update(Metric.withAttributes(Metrics.factsSetAside, { consumer: name }), 1)
  }
  const end = events.at(-1)
  if (end !== undefined) {
    yield* sql`
      update consumer set transaction_id = ${end.transaction}::xid8, position = ${end.position} where name = ${name}`
  }
  return events.length
})

/** Anything of the database but a statement of the handler's that it refuses. */
const isDatabaseTrouble = (cause: Cause.Cause<unknown>): boolean => {
  const error = Cause.squash(cause)
  return SqlError.isSqlError(error) && !["SqlSyntaxError", "UniqueViolation", "ConstraintError"].includes(error.reason._tag)
}

const componentOf = (name: string): string => `consumer:${name}`

/** Handles all that there is, batch by batch. */
export const drainConsumer = Effect.fnUntraced(function* <E, R>(options: ConsumerOptions<E, R>) {
  const sql = yield* SqlClient.SqlClient
  const store = yield* EventStore
  let total = 0
  for (;;) {
    const handled = yield* sql.withTransaction(handleBatch(options))
    total += handled
    if (handled > 0) {
      yield* store.announce
      if (options.afterCommit !== undefined) yield* options.afterCommit
    }
    if (handled < batchMax) return total
  }
})

/** Facts that the consumer has not handled yet. */
export const lagOf = Effect.fnUntraced(function* (name: string, families?: ReadonlyArray<string>) {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ lag: number }>`
    select count(*)::float8 as lag from event
    left join consumer on consumer.name = ${name}
    where (consumer.name is null or (event.transaction_id, event.position) > (consumer.transaction_id, consumer.position))
      ${families === undefined ? sql`` : sql`and family in ${sql.in(families)}`}`
  return row?.lag ?? 0
})

/** Puts the cursor back to the beginning; in the transaction at hand. */
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
  const component = componentOf(options.name)
  const context = yield* Effect.context<R | SqlClient.SqlClient | EventStore | HealthRegistry>()
  const drain = drainConsumer(options).pipe(Effect.provideContext(context))
  let lag = 0
  const measure = lagOf(options.name, options.families).pipe(
    Effect.provideContext(context),
    Effect.map((found) => {
      lag = found
    })
  )
  const appended = yield* store.listen
  let pause = lookMillis
  const waitForMore = Effect.raceFirst(
    Effect.map(appended, () => {
      pause = lookAgainMillis
    }),
    Effect.suspend(() => Effect.sleep(pause))
  )
  const follow = Effect.gen(function* () {
    const handled = yield* drain
    pause = handled > 0 ? lookMillis : Math.min(lookMillis, pause * 2)
    yield* measure
    yield* waitForMore
  })
  yield* health.gauge(component, "lag", () => lag)
  yield* supervisor.supervise(
    component,
    follow.pipe(
      Effect.catchTag("SqlError", (error) =>
        health
          .report(component, "degraded", `the database does not answer: ${error.message}`)
          .pipe(
            Effect.andThen(Effect.logWarning("the log cannot be followed", { consumer: options.name, problem: error.message })),
            Effect.andThen(Effect.sleep(databaseWait)),
            Effect.andThen(health.report(component, "running"))
          )
      ),
      Effect.forever
    )
  )
  // Runs before the loop is interrupted.
  yield* Effect.addFinalizer(() => drain.pipe(Effect.ignore, Effect.timeoutOption(drainWithin)))
  return { drain } satisfies Consumer<never>
})
