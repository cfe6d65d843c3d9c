/**
 * The end of each family's chain, signed with the engine's key and written in the transaction that appends.
 *
 * Whoever cuts the log's end off can set the chain's end back to match, but has no signature for that end: only the newest one is kept. A seal is
 * renewed only while the chain still ends with, or goes on from, what it says; otherwise it stays as it is, as evidence for `evenkeel audit`.
 * Someone with a copy of an earlier state of the database has an earlier seal too: against that there are exported heads (`AuditHead`).
 */
import { Effect, FileSystem } from "effect"
import { SqlClient } from "effect/sql"
import { dirname } from "node:path"
import { anchorOf, type ChainHead } from "./Chain.ts"
import { isSignedBy, loadSigningKey, type SigningKey } from "./SigningKey.ts"

export interface Seal extends ChainHead {
  /** The first fact that a seal was written for; later than 1 where facts were there before, or the seal was removed. */
  readonly since: number
  /** PEM. */
  readonly publicKey: string
  /** Base64, Ed25519. */
  readonly signature: string
}

/** What is signed. `log` is the log's own id: a seal of another log does not fit. */
const sealedText = (log: string, { family, hash, length, since }: Omit<Seal, "publicKey" | "signature">): string =>
  JSON.stringify(["evenkeel-seal-1", log, family, since, length, hash])

export const isGenuine = (log: string, seal: Seal): boolean => isSignedBy(seal.publicKey, sealedText(log, seal), seal.signature)

const columns = `family, length::float8 as length, hash, since::float8 as since, public_key as "publicKey", signature`

export const presentSeals = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql<Seal>`select ${sql.literal(columns)} from event_seal order by family`
)

/** The hash that a family's chain has at a place: of the fact there, or of the anchor where retention has removed it. */
export const chainHashAt = Effect.fnUntraced(function* (family: string, chainIndex: number) {
  const sql = yield* SqlClient.SqlClient
  const anchor = yield* anchorOf(family)
  if (anchor.chainIndex === chainIndex) return anchor.hash
  const [row] = yield* sql<{ hash: string }>`select hash from event where family = ${family} and chain_index = ${chainIndex}`
  return row?.hash
})

/** The key in `file`, for sealing. A log that cannot be sealed is written all the same, which is said. */
export const sealingKey = Effect.fn("sealingKey")(function* (file: string) {
  const files = yield* FileSystem.FileSystem
  return yield* Effect.andThen(files.makeDirectory(dirname(file), { recursive: true }), loadSigningKey(file)).pipe(
    Effect.catch((error) =>
      Effect.as(Effect.logError("the log is written without seals: a cut end will not be noticed", { problem: error.message }), undefined)
    )
  )
})

/** Seals ends of chains; call it in the transaction that has the row of the chain's end. */
export const makeSealer = Effect.fnUntraced(function* (log: string, key: SigningKey) {
  const sql = yield* SqlClient.SqlClient
  const context = yield* Effect.context<SqlClient.SqlClient>()
  const reported = new Set<string>()

  const stillHolds = Effect.fnUntraced(function* (seal: Seal, end: ChainHead) {
    if (seal.publicKey !== key.publicKey || !isGenuine(log, seal) || seal.length > end.length) return false
    return seal.hash === (seal.length === end.length ? end.hash : yield* chainHashAt(seal.family, seal.length))
  })

  /** `before`: where the chain ended when the transaction began; `end`: where it ends now. */
  const seal = Effect.fnUntraced(function* (before: ChainHead, end: ChainHead) {
    const { family } = end
    const [known] = yield* sql<Seal>`select ${sql.literal(columns)} from event_seal where family = ${family}`
    if (known !== undefined && !(yield* stillHolds(known, before))) {
      if (!reported.has(family))
        yield* Effect.logError("the log does not go on from its seal, which stays as it is: run `evenkeel audit`", { family })
      return void reported.add(family)
    }
    if (known === undefined && before.length > 0)
      yield* Effect.logWarning("facts had no seal and are sealed from here on", { family, facts: before.length })
    const fresh = { ...end, since: known?.since ?? before.length + 1 }
    yield* sql`
      insert into event_seal ${sql.insert({
        family,
        length: fresh.length,
        hash: fresh.hash,
        since: fresh.since,
        public_key: key.publicKey,
        signature: key.sign(sealedText(log, fresh))
      })}
      on conflict (family) do update set length = excluded.length, hash = excluded.hash, signature = excluded.signature`
  }, Effect.provideContext(context))

  /** What was written before there were seals. */
  const unsealed = sql<ChainHead>`
    select family, length::float8 as length, hash from event_chain
    where length > 0 and family not in (select family from event_seal) order by family for update`
  yield* sql.withTransaction(
    Effect.flatMap(
      unsealed,
      Effect.forEach((end) => seal(end, end))
    )
  )
  return seal
})
