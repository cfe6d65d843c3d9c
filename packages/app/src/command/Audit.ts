/**
 * `evenkeel audit`: walks the log's hash chains from their first fact to their last.
 *
 * `--export` writes the chains' ends, signed, to be kept where whoever may write the database may not; `--against` compares the log with such
 * a file, and finds a log that was rewritten together with its chains.
 */
import { AuditHeadJson, checkAgainst, type FamilyVerdict, holds, signHeads } from "@evenkeel/store/event/AuditHead"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { loadSigningKey } from "@evenkeel/store/event/SigningKey"
import { Console, DateTime, Effect, FileSystem, Layer, Option, Schema } from "effect"
import type { EngineConfig } from "../config/EngineConfig.ts"
import { databaseOf } from "../engine/EngineSetup.ts"

/** A file that holds no exported head. */
export class HeadUnreadable extends Schema.TaggedError<HeadUnreadable>()("HeadUnreadable", {
  file: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `${this.file} holds no exported head: ${this.problem}`
  }
}

const words: Readonly<Record<FamilyVerdict["verdict"], string>> = {
  unchanged: "unchanged",
  grown: "grown, and what was there is still there",
  removed: "removed by retention since: nothing can be compared",
  rewritten: "REWRITTEN: another fact is in the place of the last one then",
  shortened: "SHORTENED: facts of then are missing"
}

/** False when the log does not hold what the exported head says that it held. */
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
      const head = yield* signHeads(yield* loadSigningKey(`${config.data}/audit.key`))
      yield* files.writeFileString(options.exportTo.value, `${yield* Schema.encodeEffect(AuditHeadJson)(head)}\n`)
      yield* Console.log(`signed and written to ${options.exportTo.value}: keep it where the database's writers cannot write`)
    }
    if (Option.isNone(then)) return true
    const verdicts = yield* checkAgainst(then.value)
    yield* Console.log(`compared with the head of ${DateTime.formatIso(DateTime.makeUnsafe(then.value.signedAt))}:`)
    for (const { family, length, lengthNow, verdict } of verdicts)
      yield* Console.log(
        `  ${family.padEnd(12)} ${String(length).padStart(8)} facts then, ${String(lengthNow).padStart(8)} now: ${words[verdict]}`
      )
    return holds(verdicts)
  })
  return yield* Effect.provide(audit, EventStore.layer.pipe(Layer.provideMerge(databaseOf(config))))
})
