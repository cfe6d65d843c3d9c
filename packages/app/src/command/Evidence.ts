/** `evenkeel evidence`: takes what proves a cover out of the log, and verifies such a file without any engine. */
import { type Evidence, EvidenceJson, evidenceBytesMax, keyFingerprint, verifyEvidence } from "@evenkeel/assessment/insurance/Evidence"
import { exportEvidence } from "@evenkeel/assessment/insurance/ExportEvidence"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { loadSigningKey } from "@evenkeel/store/event/SigningKey"
import { Console, Effect, FileSystem, Layer, Option, Schema } from "effect"
import type { EngineConfig } from "../config/EngineConfig.ts"
import { auditKeyOf } from "../engine/EngineSetup.ts"
import { askOr } from "./AskEngine.ts"
import { databaseOfLog } from "./EngineLog.ts"
import { iso, verdictLines } from "./Insurance.ts"

export class EvidenceFile extends Schema.TaggedError<EvidenceFile>()("EvidenceFile", { file: Schema.String, problem: Schema.String }) {
  override get message() {
    return `${this.file} ${this.problem}`
  }
}

/** Of the real cover where the log knows it, of a made-up market's otherwise; the evidence says which it is. */
const exportAny = (term: string) =>
  exportEvidence(term, false).pipe(
    Effect.catchTag("NoEvidence", (error) => exportEvidence(term, true).pipe(Effect.catchTag("NoEvidence", () => Effect.fail(error))))
  )

/** From the engine that runs, which may have the database to itself; without one, from the database. */
export const runEvidenceExport = Effect.fn("runEvidenceExport")(function* (
  config: EngineConfig,
  { out, term }: { readonly term: string; readonly out: string }
) {
  const files = yield* FileSystem.FileSystem
  const evidence: Evidence = yield* askOr(
    config,
    ({ insurance }) => insurance.evidence({ params: { name: term }, query: {} }),
    exportAny(term).pipe(Effect.provide(EventStore.layer.pipe(Layer.provideMerge(databaseOfLog(config)))))
  )
  const text = yield* Schema.encodeEffect(EvidenceJson)(evidence).pipe(Effect.orDie)
  yield* files.writeFileString(out, `${text}\n`)
  yield* Console.log(
    `${evidence.facts.length} facts of ${evidence.family}, signed by the key ${keyFingerprint(evidence.seal.publicKey)}, are in ${out}: check them with \`evenkeel evidence verify ${out}\``
  )
})

const read = Effect.fnUntraced(function* (file: string, bytesMax: number) {
  const files = yield* FileSystem.FileSystem
  const unreadable = (error: { readonly message: string }) => new EvidenceFile({ file, problem: `cannot be read: ${error.message}` })
  const { size } = yield* files.stat(file).pipe(Effect.mapError(unreadable))
  if (size > bytesMax) return yield* new EvidenceFile({ file, problem: `is larger than ${bytesMax} bytes` })
  return yield* files.readFileString(file).pipe(Effect.mapError(unreadable))
})

const keyBytesMax = 10_000

/** False where the evidence is refused. That terms are not met is an answer, and no failure. */
export const runEvidenceVerify = Effect.fn("runEvidenceVerify")(function* (options: {
  readonly file: string
  readonly key: Option.Option<string>
  readonly json: boolean
}) {
  const key = yield* Effect.transposeOption(Option.map(options.key, (file) => read(file, keyBytesMax)))
  if (Option.isSome(key) && keyFingerprint(key.value) === undefined)
    return yield* new EvidenceFile({ file: Option.getOrElse(options.key, () => ""), problem: "holds no public key (PEM)" })
  const verified = verifyEvidence(yield* read(options.file, evidenceBytesMax), Option.getOrUndefined(key))
  if ("problem" in verified) {
    yield* Console.log(options.json ? JSON.stringify({ accepted: false, problem: verified.problem }) : `REFUSED: ${verified.problem}`)
    return false
  }
  const { changes, delayMillisMax, facts, keyFingerprint: fingerprint, keyGiven, simulated, terms, verdict } = verified
  if (options.json) {
    yield* Console.log(JSON.stringify({ accepted: true, ...verified }))
    return true
  }
  yield* Console.log(`${facts} facts, every link of the chain holds, and its end is signed by the key ${fingerprint}`)
  if (!keyGiven)
    yield* Console.log(
      "WARNING: the key was taken from the file itself, so that this shows only that the file is one piece; compare the key with the engine's, or give it with --key"
    )
  yield* Console.log(`terms watched since ${iso(verified.watchedSince)}, changed ${changes} times before`)
  if (simulated) yield* Console.log("WARNING: the readings are of a simulated market")
  else yield* Console.log(`readings were written at most ${Math.round(delayMillisMax / 1000)} s after their minute`)
  for (const line of verdictLines(terms, verdict, verified)) yield* Console.log(line)
  return true
})

export const runEvidenceKey = Effect.fn("runEvidenceKey")(function* (config: EngineConfig) {
  const files = yield* FileSystem.FileSystem
  const file = auditKeyOf(config)
  if (!(yield* files.exists(file)))
    return yield* new EvidenceFile({ file, problem: "does not exist: an engine makes it at its first start" })
  const { publicKey } = yield* loadSigningKey(file)
  yield* Console.log(publicKey.trim())
})
