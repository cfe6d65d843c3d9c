/**
 * The hash chain that seals the facts of one family: each hash covers its fact and the hash before it, so that no fact can be altered, removed or
 * put in between without every later hash being wrong.
 *
 * Retention may remove the beginning of a chain; an anchor then says after which fact, and with which hash, the rest begins. Someone who
 * rewrites the database can compute a chain anew: against that there are heads that were signed and exported before (`AuditHead`).
 */
import { Effect, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { createHash } from "node:crypto"

/** The end of a family's chain. */
export const ChainHead = Schema.Struct({ family: Schema.String, length: Schema.Int, hash: Schema.String })
export type ChainHead = typeof ChainHead.Type

/** The last fact of a family that retention removed. */
export const ChainAnchor = Schema.Struct({ family: Schema.String, chainIndex: Schema.Int, hash: Schema.String })
export type ChainAnchor = typeof ChainAnchor.Type

/** What a fact's hash covers. */
export interface Sealed {
  readonly stream: string
  readonly version: number
  readonly kind: string
  readonly payload: string
  readonly recordedAt: number
  readonly chainIndex: number
  readonly previousHash: string
}

/** What the first fact of a chain follows. */
export const genesis = "0".repeat(64)

export const seal = ({ chainIndex, kind, payload, previousHash, recordedAt, stream, version }: Sealed): string =>
  createHash("sha256")
    .update(JSON.stringify([previousHash, chainIndex, stream, version, kind, payload, recordedAt]))
    .digest("hex")

/** A chain is not what was once written. */
export class ChainBroken extends Schema.TaggedError<ChainBroken>()("ChainBroken", {
  family: Schema.String,
  chainIndex: Schema.Int,
  problem: Schema.String
}) {
  override get message() {
    return `fact ${this.chainIndex} of the family ${this.family} ${this.problem}`
  }
}

interface ChainRow extends Sealed {
  readonly position: number
  readonly hash: string
}

const verifyPage = 1000

export const anchorOf = Effect.fnUntraced(function* (family: string) {
  const sql = yield* SqlClient.SqlClient
  const [anchor] = yield* sql<ChainAnchor>`
    select family, chain_index::float8 as "chainIndex", hash from event_anchor where family = ${family}`
  return anchor ?? { family, chainIndex: 0, hash: genesis }
})

/** Walks one family's chain from its anchor to `head`; returns how many facts there are. Facts may be appended and removed meanwhile. */
export const verifyChain: (head: ChainHead) => Effect.Effect<number, ChainBroken | SqlError.SqlError, SqlClient.SqlClient> =
  Effect.fnUntraced(function* (head: ChainHead) {
    const sql = yield* SqlClient.SqlClient
    const { family } = head
    const anchor = yield* anchorOf(family)
    const broken = (chainIndex: number, problem: string) => new ChainBroken({ family, chainIndex, problem })
    let { chainIndex, hash } = anchor
    let position = 0
    while (chainIndex < head.length) {
      const page = yield* sql<ChainRow>`
        select stream, version, kind, payload, recorded_at as "recordedAt", chain_index::float8 as "chainIndex",
               previous_hash as "previousHash", hash, position::float8 as position
        from event where family = ${family} and chain_index > ${chainIndex} and chain_index <= ${head.length}
        order by chain_index limit ${verifyPage}`
      if (page[0]?.chainIndex !== chainIndex + 1) {
        // Retention may have removed what was to come next.
        if ((yield* anchorOf(family)).chainIndex > anchor.chainIndex) return yield* verifyChain(head)
        const tail = page.length === 0 ? `is missing: the chain has ${head.length} facts` : "is missing"
        return yield* broken(chainIndex + 1, tail)
      }
      for (const event of page) {
        if (event.chainIndex !== chainIndex + 1) return yield* broken(chainIndex + 1, "is missing")
        if (event.previousHash !== hash) return yield* broken(event.chainIndex, "does not follow the fact before it")
        if (event.hash !== seal(event)) return yield* broken(event.chainIndex, "was altered after it was sealed")
        if (event.position <= position) return yield* broken(event.chainIndex, "was moved in front of the fact before it")
        chainIndex = event.chainIndex
        hash = event.hash
        position = event.position
      }
    }
    // An anchor behind this head: facts were appended and removed since the head was read.
    if (chainIndex === head.length && hash !== head.hash) return yield* broken(chainIndex, "is not the one that the chain ends with")
    return Math.max(0, head.length - anchor.chainIndex)
  })

/** Facts that were written into the table without being part of a chain. */
export const verifyNothingBeyond = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [stray] = yield* sql<{ family: string; chainIndex: number }>`
    select event.family, min(event.chain_index)::float8 as "chainIndex"
    from event left join event_chain on event_chain.family = event.family
    where event.chain_index > coalesce(event_chain.length, 0)
    group by event.family order by event.family limit 1`
  if (stray !== undefined) return yield* new ChainBroken({ ...stray, problem: "is not part of the family's chain" })
})
