/**
 * The ends of all hash chains, signed and exported, so that someone who later rewrites or cuts the log is found out.
 *
 * `EventStore.verify` notices whoever alters facts without computing the chain anew. Whoever does compute it anew, heads and all, passes that
 * check; but not a comparison with a head that was exported before and is kept where they cannot write. Auditors do both.
 */
import { Clock, Effect, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { ChainAnchor, ChainHead } from "./Chain.ts"
import { EventStore } from "./EventStore.ts"
import { isSignedBy, type SigningKey } from "./SigningKey.ts"

export const AuditHead = Schema.Struct({
  format: Schema.Literal("evenkeel-audit-head-1"),
  /** Unix ms. */
  signedAt: Schema.Finite,
  heads: Schema.Array(ChainHead),
  /** The last fact of each family that retention has removed, or is about to remove. */
  anchors: Schema.Array(ChainAnchor),
  /** PEM. Compare it with the one that you know to be the engine's. */
  publicKey: Schema.String,
  /** Base64, Ed25519. */
  signature: Schema.String
})
export type AuditHead = typeof AuditHead.Type

/** As it is written to a file. */
export const AuditHeadJson = Schema.fromJsonString(AuditHead)

export class AuditHeadRefused extends Schema.TaggedError<AuditHeadRefused>()("AuditHeadRefused", { problem: Schema.String }) {
  override get message() {
    return `the exported head ${this.problem}`
  }
}

/** What became of a family since a head was exported. */
export interface FamilyVerdict {
  readonly family: string
  /**
   * `unchanged`, `grown`: what was there is still there. `removed`: retention has removed the fact of the exported head, so that nothing can be
   * compared. `rewritten`: another fact is in its place. `shortened`: it is missing.
   */
  readonly verdict: "unchanged" | "grown" | "removed" | "rewritten" | "shortened"
  /** Facts when the head was exported, and now. */
  readonly length: number
  readonly lengthNow: number
}

/** Whether the log still holds all that it held, as far as it can be compared. */
export const holds = (verdicts: ReadonlyArray<FamilyVerdict>): boolean =>
  verdicts.every(({ verdict }) => verdict !== "rewritten" && verdict !== "shortened")

const signedText = ({ anchors, format, heads, signedAt }: Omit<AuditHead, "publicKey" | "signature">): string =>
  JSON.stringify([
    format,
    signedAt,
    heads.map(({ family, hash, length }) => [family, length, hash]),
    anchors.map(({ chainIndex, family, hash }) => [family, chainIndex, hash])
  ])

/** Up to where each family's facts are said to be removed. */
export const presentAnchors = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql<ChainAnchor>`select family, chain_index::float8 as "chainIndex", hash from event_anchor order by family`
)

/** The present heads, signed. `planned` anchors take the place of the present ones of their families. */
export const signHeads = Effect.fn("signHeads")(function* (key: SigningKey, planned: ReadonlyArray<ChainAnchor> = []) {
  const store = yield* EventStore
  const present = yield* presentAnchors
  const unsigned = {
    format: "evenkeel-audit-head-1" as const,
    signedAt: yield* Clock.currentTimeMillis,
    heads: yield* store.heads,
    anchors: [...present.filter(({ family }) => !planned.some((anchor) => anchor.family === family)), ...planned]
  }
  return { ...unsigned, publicKey: key.publicKey, signature: key.sign(signedText(unsigned)) } satisfies AuditHead
})

/** Whether it is signed with the key that it names. */
export const isGenuineHead = (head: AuditHead): boolean => isSignedBy(head.publicKey, signedText(head), head.signature)

/** What became of each family since its chain ended so. */
export const compareHeads = Effect.fnUntraced(function* (heads: ReadonlyArray<ChainHead>) {
  const store = yield* EventStore
  const now = yield* store.heads
  const anchors = yield* presentAnchors
  return yield* Effect.forEach(heads, ({ family, hash, length }) =>
    Effect.gen(function* () {
      const lengthNow = now.find((entry) => entry.family === family)?.length ?? 0
      const verdict = (word: FamilyVerdict["verdict"]): FamilyVerdict => ({ family, verdict: word, length, lengthNow })
      const anchor = anchors.find((entry) => entry.family === family)
      if (lengthNow < length) return verdict("shortened")
      if (anchor !== undefined && anchor.chainIndex > length) return verdict("removed")
      const hashNow = anchor?.chainIndex === length ? anchor.hash : yield* store.hashAt(family, length)
      if (length > 0 && hashNow === undefined) return verdict("shortened")
      if (length > 0 && hashNow !== hash) return verdict("rewritten")
      return verdict(lengthNow === length ? "unchanged" : "grown")
    })
  )
})

/** Compares the log with a head that was exported before; the head must be signed, and by `publicKey` where that is given. */
export const checkAgainst = Effect.fn("checkAgainst")(function* (head: AuditHead, publicKey?: string) {
  if (publicKey !== undefined && publicKey.trim() !== head.publicKey.trim())
    return yield* new AuditHeadRefused({ problem: "was signed with another key" })
  if (!isGenuineHead(head)) return yield* new AuditHeadRefused({ problem: "was altered after it was signed" })
  return yield* compareHeads(head.heads)
})
