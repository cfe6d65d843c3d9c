import { assert, layer } from "@effect/vitest"
import { Effect, FileSystem, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { databases } from "../../test/support/Databases.ts"
import { AuditHeadJson, checkAgainst, holds, signHeads } from "./AuditHead.ts"
import { genesis, seal } from "./Chain.ts"
import { EventStore } from "./EventStore.ts"
import { loadSigningKey } from "./SigningKey.ts"

const level = (payload: string) => ({ kind: "LevelChanged", payload })

/** Does what an intruder with the database's password would do: `change` the facts of a family, then seal the whole chain anew. */
const rewrite = Effect.fnUntraced(function* (family: string, change: Effect.Effect<unknown, unknown, SqlClient.SqlClient>) {
  const sql = yield* SqlClient.SqlClient
  yield* change
  const facts = yield* sql<{ stream: string; version: number; kind: string; payload: string; recordedAt: number; chainIndex: number }>`
    select stream, version, kind, payload, recorded_at as "recordedAt", chain_index::float8 as "chainIndex"
    from event where family = ${family} order by chain_index`
  let previousHash = genesis
  for (const fact of facts) {
    const hash = seal({ ...fact, previousHash })
    yield* sql`update event set previous_hash = ${previousHash}, hash = ${hash}
      where family = ${family} and chain_index = ${fact.chainIndex}`
    previousHash = hash
  }
  yield* sql`update event_chain set length = ${facts.length}, hash = ${previousHash} where family = ${family}`
})

const keyFile = Effect.flatMap(FileSystem.FileSystem, (files) =>
  Effect.map(files.makeTempDirectoryScoped(), (directory) => `${directory}/audit.key`)
)

for (const [name, database] of databases) {
  layer(EventStore.layer.pipe(Layer.provideMerge(database)), { timeout: "60 seconds", excludeTestServices: true })(
    `an exported head, on ${name}`,
    (it) => {
      const verdicts = (words: ReadonlyArray<{ readonly family: string; readonly verdict: string }>) =>
        Object.fromEntries(words.map(({ family, verdict }) => [family, verdict]))

      it.effect("finds out who rewrites or cuts the log and seals it anew", () =>
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const store = yield* EventStore
          const key = yield* loadSigningKey(yield* keyFile)
          yield* store.append("coin/USDC", "any", [level("watch"), level("warning"), level("critical")])
          yield* store.append("model/registry", "any", [level("added")])
          yield* store.append("engine/one", "any", [level("started")])
          const head = yield* signHeads(key)
          assert.deepStrictEqual(verdicts(yield* checkAgainst(head, key.publicKey)), {
            coin: "unchanged",
            engine: "unchanged",
            model: "unchanged"
          })
          yield* store.append("coin/DAI", "any", [level("watch")])
          yield* rewrite("model", sql`update event set payload = '"never"' where family = 'model'`)
          yield* rewrite("engine", sql`delete from event where family = 'engine'`)
          assert.strictEqual(yield* store.verify, 5, "each chain is whole: nothing else would notice")
          const after = yield* checkAgainst(head)
          assert.deepStrictEqual(verdicts(after), { coin: "grown", engine: "shortened", model: "rewritten" })
          assert.isFalse(holds(after))
          yield* store.append("engine/one", "any", [level("started once more")])
          assert.deepInclude(verdicts(yield* checkAgainst(head)), { engine: "rewritten" })
        }).pipe(Effect.scoped)
      )

      it.effect("is refused when it was altered, or signed with another key", () =>
        Effect.gen(function* () {
          const key = yield* loadSigningKey(yield* keyFile)
          const other = yield* loadSigningKey(yield* keyFile)
          const head = yield* signHeads(key)
          const file = yield* Schema.encodeEffect(AuditHeadJson)(head)
          assert.deepStrictEqual(yield* Schema.decodeEffect(AuditHeadJson)(file), head)
          const shorter = { ...head, heads: head.heads.slice(1) }
          assert.include((yield* Effect.flip(checkAgainst(shorter))).message, "altered after it was signed")
          assert.include((yield* Effect.flip(checkAgainst({ ...head, signature: "?" }))).message, "altered after it was signed")
          assert.include((yield* Effect.flip(checkAgainst(head, other.publicKey))).message, "signed with another key")
        }).pipe(Effect.scoped)
      )
    }
  )
}
