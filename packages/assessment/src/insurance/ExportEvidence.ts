/** Takes a cover's evidence out of the log. */
import { anchorOf } from "@evenkeel/store/event/Chain"
import { readChain } from "@evenkeel/store/event/ChainFacts"
import { EventStore, type StoredEvent } from "@evenkeel/store/event/EventStore"
import { presentSeals } from "@evenkeel/store/event/Seal"
import { Effect, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { type Evidence, evidenceFactsMax, evidenceFormat } from "./Evidence.ts"
import { InsuranceRecord } from "./InsuranceFacts.ts"
import { insuranceFamily } from "./Terms.ts"

/** There is no evidence that could be verified. */
export class NoEvidence extends Schema.TaggedError<NoEvidence>()(
  "NoEvidence",
  { name: Schema.String, problem: Schema.String },
  { httpApiStatus: 404 }
) {
  override get message() {
    return `there is no evidence for the terms ${this.name}: ${this.problem}`
  }
}

const page = 1000

/** The chain as the seal found it: what is written meanwhile is left for the next time. `simulated`: that of a made-up market. */
export const exportEvidence = Effect.fn("exportEvidence")(function* (name: string, simulated: boolean) {
  const events = yield* EventStore
  const sql = yield* SqlClient.SqlClient
  const family = insuranceFamily(name, simulated)
  const none = (problem: string) => new NoEvidence({ name, problem })
  return yield* sql.withTransaction(
    Effect.gen(function* () {
      const seal = (yield* presentSeals).find((each) => each.family === family)
      if (seal === undefined) return yield* none("nothing of that name was watched, or no engine with a key has sealed it")
      const anchor = yield* anchorOf(family)
      if (anchor.chainIndex > 0)
        return yield* none(
          `the first ${anchor.chainIndex} facts of its chain were removed by retention, and without them it proves nothing`
        )
      if (seal.length > evidenceFactsMax) return yield* none(`its chain has more than ${evidenceFactsMax} facts`)
      const facts: Array<StoredEvent> = []
      const record = new InsuranceRecord()
      for (let after = 0; after < seal.length;) {
        const some = yield* readChain({ family, after, limit: Math.min(page, seal.length - after) })
        if (some.length === 0) return yield* none(`fact ${after + 1} is missing in the log`)
        for (const fact of some) record.add(fact)
        facts.push(...some)
        after = some.at(-1)!.chainIndex
      }
      if (record.watched === undefined) return yield* none("no fact of its chain says which terms were watched")
      return {
        format: evidenceFormat,
        terms: record.watched.terms,
        log: events.id,
        family,
        anchor: null,
        facts: facts.map(({ chainIndex, hash, kind, payload, previousHash, recordedAt, stream, version }) => ({
          stream,
          version,
          kind,
          payload,
          recordedAt,
          chainIndex,
          previousHash,
          hash
        })),
        seal: { ...seal, family }
      } satisfies Evidence
    })
  )
})
