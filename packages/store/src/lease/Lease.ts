/**
 * Of several engines on a database, one does what only one may do: whoever holds the lease of that name. One that is killed loses it when it runs out, one
 * that stops gives it back. Times are the database's, as engines with clocks apart must agree on them.
 *
 * Whoever held it may not know yet that it has run out, as when its machine slept. So what it does must be harmless when another does it too: facts with a key.
 */
import { waitAtMost } from "@evenkeel/runtime/supervision/WaitAtMost"
import { Clock, Effect } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { measureDatabaseOffset } from "../database/DatabaseClock.ts"

/** Without word from its holder it is another's. */
const leaseMillis = 15_000
/** The holder renews it when so much of it has passed. */
const renewAfterMillis = 5000
const releaseWithin = "1 second"

export interface Lease {
  /** Whether it is held now; takes it or renews it where that is due. */
  readonly hold: Effect.Effect<boolean, SqlError.SqlError>
  /** Gives it back. */
  readonly release: Effect.Effect<void, SqlError.SqlError>
}

/** Given back when the scope closes. `owner` tells this run of an engine from every other. */
export const makeLease = Effect.fnUntraced(function* ({ name, owner }: { readonly name: string; readonly owner: string }) {
  const sql = yield* SqlClient.SqlClient
  const offset = yield* measureDatabaseOffset
  let heldSince: number | undefined
  const take = Effect.fnUntraced(function* (now: number) {
    const rows = yield* sql`
      insert into lease ${sql.insert({ name, owner, until: now + leaseMillis })}
      on conflict (name) do update set owner = excluded.owner, until = excluded.until
      where lease.owner = excluded.owner or lease.until <= ${now} or lease.until > ${now + 2 * leaseMillis}
      returning owner`
    heldSince = rows.length > 0 ? now : undefined
    return heldSince !== undefined
  })
  const hold = Effect.gen(function* () {
    const now = (yield* Clock.currentTimeMillis) + offset
    if (heldSince !== undefined && now - heldSince >= 0 && now - heldSince < renewAfterMillis) return true
    // Where the database is away for longer than the lease lasts, it may be another's by now.
    if (heldSince !== undefined && now - heldSince >= leaseMillis) heldSince = undefined
    return yield* take(now)
  })
  const release = Effect.suspend(() => {
    heldSince = undefined
    return Effect.asVoid(sql`delete from lease where name = ${name} and owner = ${owner}`)
  })
  yield* Effect.addFinalizer(() => release.pipe(Effect.ignore, waitAtMost(releaseWithin)))
  return { hold, release } satisfies Lease
})
