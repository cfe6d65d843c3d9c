/**
 * The one clock of engines that share a database: the database's.
 *
 * Each engine measures once, when it connects, how far its own clock is from it, and adds that to its own time wherever rows of several engines are
 * compared. So time still comes from `Clock`, which tests own. A machine's clock that is set while the engine runs moves the engine's claims by as much
 * until it is started again.
 */
import { Clock, Context, Effect } from "effect"
import { SqlClient } from "effect/sql"

/** The database's time, Unix ms: its own clock's, unless a simulation says what time it is. */
export const DatabaseTime = Context.Reference("@evenkeel/store/database/DatabaseClock/DatabaseTime", {
  defaultValue: () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const [row] = yield* sql<{ now: number }>`select (extract(epoch from clock_timestamp()) * 1000)::float8 as now`
      return row!.now
    })
})

/** Whole ms to add to this engine's time; right to half of the time that the database took to answer. */
export const measureDatabaseOffset = Effect.gen(function* () {
  const asked = yield* Clock.currentTimeMillis
  const now = yield* Effect.flatten(DatabaseTime)
  const answered = yield* Clock.currentTimeMillis
  return Math.round(now - (asked + answered) / 2)
})
