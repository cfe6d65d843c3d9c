import { assert, layer } from "@effect/vitest"
import { Effect, FileSystem, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { databases } from "../../test/support/Databases.ts"
import { checkSeals, sealsHold } from "./AuditSeals.ts"
import { EventStore } from "./EventStore.ts"
import { isGenuine, makeSealer, presentSeals } from "./Seal.ts"
import { loadSigningKey } from "./SigningKey.ts"

const facts = (count: number) => Array.from({ length: count }, (_, payload) => ({ kind: "LevelChanged", payload }))
const append = (stream: string, count: number) => Effect.flatMap(EventStore, (events) => events.append(stream, "any", facts(count)))

/** Cuts a family's last fact off, and sets the chain's end back to match. */
const cut = Effect.fnUntraced(function* (family: string) {
  const sql = yield* SqlClient.SqlClient
  yield* sql`delete from event where family = ${family} and chain_index = (select length from event_chain where family = ${family})`
  yield* sql`update event_chain set (length, hash) = (
    select chain_index, hash from event where family = ${family} order by chain_index desc limit 1) where family = ${family}`
})

const verdicts = (publicKey?: string) =>
  Effect.map(checkSeals(publicKey), (all) => ({
    whole: sealsHold(all),
    words: Object.fromEntries(all.map(({ family, since, verdict }) => [family, since > 1 ? `${verdict} from ${since}` : verdict]))
  }))

for (const [name, database] of databases) {
  layer(database, { timeout: "60 seconds", excludeTestServices: true })(`the log's seals, on ${name}`, (it) => {
    it.effect("stand for the log's end, also for what was written before there were any, and are not renewed over a cut", () =>
      Effect.gen(function* () {
        const files = yield* FileSystem.FileSystem
        const sql = yield* SqlClient.SqlClient
        const keyFile = `${yield* files.makeTempDirectoryScoped()}/data/audit.key`
        const unsealed = EventStore.layer.pipe(Layer.fresh)
        const sealed = EventStore.layerSealed(keyFile).pipe(Layer.fresh)
        yield* append("old/one", 2).pipe(Effect.provide(unsealed))
        yield* Effect.gen(function* () {
          for (const family of ["coin", "alert", "model", "engine"]) yield* append(`${family}/one`, 3)
        }).pipe(Effect.provide(sealed))
        const { publicKey } = yield* loadSigningKey(keyFile)
        yield* Effect.gen(function* () {
          const whole = { alert: "unchanged", coin: "unchanged", engine: "unchanged", model: "unchanged", old: "unchanged from 3" }
          assert.deepStrictEqual(yield* verdicts(publicKey), { whole: true, words: whole })
          // A tool without the key appends too.
          yield* append("coin/one", 1)
          yield* cut("alert")
          yield* sql`delete from event_seal where family = 'model'`
          const { publicKey: other, sign } = yield* loadSigningKey(`${keyFile}.other`)
          yield* sql`update event_seal set public_key = ${other}, signature = ${sign("anything")} where family = 'engine'`
          const after = { alert: "shortened", coin: "grown", engine: "forged", model: "unsealed", old: "unchanged from 3" }
          assert.deepStrictEqual(yield* verdicts(publicKey), { whole: false, words: after })
          assert.deepInclude((yield* verdicts()).words, { engine: "forged" })
        }).pipe(Effect.provide(unsealed))
        // The engine goes on: what was cut stays found out.
        yield* Effect.gen(function* () {
          for (const family of ["coin", "alert", "model", "engine"]) yield* append(`${family}/one`, 1)
          const later = { alert: "rewritten", coin: "unchanged", engine: "forged", model: "unchanged from 4", old: "unchanged from 3" }
          assert.deepStrictEqual(yield* verdicts(publicKey), { whole: false, words: later })
          yield* append("alert/one", 5)
          assert.deepInclude((yield* verdicts(publicKey)).words, { alert: "rewritten" })
        }).pipe(Effect.provide(sealed))
      }).pipe(Effect.scoped)
    )

    it.effect("are of one log alone, and a key that cannot be used stops no engine", () =>
      Effect.gen(function* () {
        const files = yield* FileSystem.FileSystem
        const keyFile = `${yield* files.makeTempDirectoryScoped()}/audit.key`
        const key = yield* loadSigningKey(keyFile)
        const seal = yield* makeSealer("a log", key)
        yield* seal({ family: "x", length: 0, hash: "" }, { family: "x", length: 1, hash: "h" })
        const own = (yield* presentSeals).find(({ family }) => family === "x")!
        assert.isTrue(isGenuine("a log", own))
        assert.isFalse(isGenuine("another log", own))
        yield* files.chmod(keyFile, 0o644)
        const { appended } = yield* append("y/one", 1).pipe(Effect.provide(EventStore.layerSealed(keyFile).pipe(Layer.fresh)))
        assert.strictEqual(appended, 1)
      }).pipe(Effect.scoped)
    )
  })
}
