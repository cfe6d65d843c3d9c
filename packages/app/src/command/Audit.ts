/**
 * `evenkeel audit`: walks the log's hash chains from their first fact to their last, compares their ends with the engine's seals, and the tables
 * that are made from the log with what its facts say.
 *
 * `--export` writes the chains' ends, signed, to be kept where whoever may write the database may not; `--against` compares the log with such
 * a file, and finds a log that was rewritten together with its chains.
 */
import { compareAlerts } from "@evenkeel/alerting/manager/CompareAlerts"
import { unsignedAnchors } from "@evenkeel/store/event/AuditAnchors"
import { AuditHeadJson, checkAgainst, holds, signHeads } from "@evenkeel/store/event/AuditHead"
import { checkSeals, type SealVerdict, sealsHold } from "@evenkeel/store/event/AuditSeals"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { loadSigningKey } from "@evenkeel/store/event/SigningKey"
import { compareModels } from "@evenkeel/store/model/CompareModels"
import { anchorsFile } from "@evenkeel/store/retention/Retention"
import { Clock, Console, DateTime, Effect, FileSystem, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import type { EngineConfig } from "../config/EngineConfig.ts"
import { auditKeyOf } from "../engine/EngineSetup.ts"
import { databaseOfLog } from "./EngineLog.ts"

/** A file that holds no exported head. */
export class HeadUnreadable extends Schema.TaggedError<HeadUnreadable>()("HeadUnreadable", {
  file: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `${this.file} holds no exported head: ${this.problem}`
  }
}

const words: Readonly<Record<SealVerdict["verdict"], string>> = {
  unchanged: "unchanged",
  grown: "grown, and what was there is still there",
  removed: "removed by retention since: nothing can be compared",
  rewritten: "REWRITTEN: another fact is in the place of the last one then",
  shortened: "SHORTENED: facts of then are missing",
  unsealed: "UNSEALED: nothing says where it ended; an engine seals it at its start",
  forged: "FORGED: the seal is not signed with the key of this data directory"
}

const lineOf = ({ family, length, lengthNow, verdict }: Pick<SealVerdict, "family" | "length" | "lengthNow" | "verdict">): string =>
  `  ${family.padEnd(12)} ${String(length).padStart(8)} facts then, ${String(lengthNow).padStart(8)} now: ${words[verdict]}`

/** The engine's public key; undefined where its file is not at hand. */
const publicKeyIn = Effect.fnUntraced(function* (keyFile: string) {
  const files = yield* FileSystem.FileSystem
  return (yield* files.exists(keyFile)) ? (yield* loadSigningKey(keyFile)).publicKey : undefined
})

/** Without the engine's key at hand, a seal's own key is believed. */
const auditSeals = Effect.fnUntraced(function* (keyFile: string, publicKey: string | undefined) {
  const seals = yield* checkSeals(publicKey)
  yield* Console.log(`compared with the seals${publicKey === undefined ? ` (${keyFile} is not here: whose they are is not known)` : ""}:`)
  for (const verdict of seals) yield* Console.log(`${lineOf(verdict)}${verdict.since > 1 ? ` (sealed from fact ${verdict.since} on)` : ""}`)
  return sealsHold(seals)
})

/** Facts that somebody else than retention has removed. Whoever has not the engine's key cannot tell. */
const auditAnchors = Effect.fnUntraced(function* (file: string, publicKey: string | undefined) {
  const files = yield* FileSystem.FileSystem
  if (publicKey === undefined) return true
  const lines = (yield* files.exists(file)) ? yield* files.readFileString(file) : ""
  const unsigned = yield* unsignedAnchors(lines, publicKey)
  for (const { chainIndex, family } of unsigned)
    yield* Console.log(`  ${family.padEnd(12)} REMOVED: facts 1 to ${chainIndex} are gone, and ${file} has no signed word of it`)
  return unsigned.length === 0
})

const dayMillis = 86_400_000

/** What is made from the log: alerts, notifications, models. */
const auditTables = Effect.fnUntraced(function* (notificationDays: number) {
  const sql = yield* SqlClient.SqlClient
  const keptSince = (yield* Clock.currentTimeMillis) - notificationDays * dayMillis
  const differences = yield* Effect.forEach([compareAlerts(keptSince), compareModels], (compare) => sql.withTransaction(compare))
  const all = differences.flat()
  yield* Console.log(all.length === 0 ? "alerts, notifications and models are what the log says" : "not what the log says:")
  for (const difference of all) yield* Console.log(`  ${difference}`)
  return all.length === 0
})

/** False when the log does not hold what its seals, or the exported head, say that it held, or a table is not what the log says. */
export const runAudit = Effect.fn("runAudit")(function* (
  config: EngineConfig,
  options: { readonly against: Option.Option<string>; readonly exportTo: Option.Option<string> }
) {
  const files = yield* FileSystem.FileSystem
  const then = yield* Effect.transposeOption(
    Option.map(options.against, (file) =>
      files.readFileString(file).pipe(
        Effect.flatMap(Schema.decodeUnknownEffect(AuditHeadJson)),
        Effect.mapError((error) => new HeadUnreadable({ file, problem: error.message }))
      )
    )
  )
  const audit = Effect.gen(function* () {
    const events = yield* EventStore
    const facts = yield* events.verify
    yield* Console.log(`${facts} facts in ${(yield* events.heads).length} families, every hash chain holds`)
    if (Option.isSome(options.exportTo)) {
      const head = yield* signHeads(yield* loadSigningKey(auditKeyOf(config)))
      yield* files.writeFileString(options.exportTo.value, `${yield* Schema.encodeEffect(AuditHeadJson)(head)}\n`)
      yield* Console.log(`signed and written to ${options.exportTo.value}: keep it where the database's writers cannot write`)
    }
    const publicKey = yield* publicKeyIn(auditKeyOf(config))
    const sealed = yield* auditSeals(auditKeyOf(config), publicKey)
    const anchored = yield* auditAnchors(anchorsFile(config.data), publicKey)
    const derived = yield* auditTables(config.retention.notificationDays)
    if (Option.isNone(then)) return sealed && anchored && derived
    const verdicts = yield* checkAgainst(then.value)
    yield* Console.log(`compared with the head of ${DateTime.formatIso(DateTime.makeUnsafe(then.value.signedAt))}:`)
    for (const verdict of verdicts) yield* Console.log(lineOf(verdict))
    return holds(verdicts) && sealed && anchored && derived
  })
  return yield* Effect.provide(audit, EventStore.layer.pipe(Layer.provideMerge(databaseOfLog(config))))
})
