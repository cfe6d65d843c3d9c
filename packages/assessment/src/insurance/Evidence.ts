/**
 * Evidence in one file that proves, without any engine or database, what stood in the log about a cover: its terms, the readings, and the trigger.
 *
 * It is the whole chain of the cover's family with the seal of its end, as the engine signed it in the transaction that wrote the last fact. Whoever verifies
 * computes the chain, checks the signature and judges the terms anew. A key inside the file proves only that the file is one piece: anybody can make a chain
 * and a key. That it is the engine's is known to whoever has the key from elsewhere.
 */
import { ChainAnchor, genesis, seal } from "@evenkeel/store/event/Chain"
import { familyOf, StoredEvent } from "@evenkeel/store/event/EventStore"
import { isGenuine } from "@evenkeel/store/event/Seal"
import { Option, Schema } from "effect"
import { createHash, createPublicKey } from "node:crypto"
import { InsuranceRecord, metFactOf, type TriggerMet } from "./InsuranceFacts.ts"
import { digestOfTerms, insuranceFamily, insuranceStream, Terms } from "./Terms.ts"
import type { Gap, Run, Verdict } from "./Trigger.ts"

export const evidenceFormat = "evenkeel-evidence-1"
/** Facts in one file; a cover's chain ends there too (`InsuranceWatch`), but for what is written about its end. */
export const evidenceFactsMax = 110_000
export const evidenceBytesMax = 256e6

const EvidenceFact = Schema.Struct({
  stream: Schema.String,
  version: StoredEvent.fields.version,
  kind: Schema.String,
  /** JSON, exactly as it was sealed. */
  payload: Schema.String,
  recordedAt: Schema.Finite,
  chainIndex: Schema.Int,
  previousHash: Schema.String,
  hash: Schema.String
})

export const Evidence = Schema.Struct({
  format: Schema.Literal(evidenceFormat),
  /** For whoever reads it; what counts are the terms in the facts, which must be the same. */
  terms: Terms,
  /** The log's own id. */
  log: Schema.String,
  family: Schema.String,
  /** What retention has removed ends there; null where the chain is whole. */
  anchor: Schema.NullOr(ChainAnchor),
  facts: Schema.Array(EvidenceFact).check(Schema.isMinLength(1), Schema.isMaxLength(evidenceFactsMax)),
  seal: Schema.Struct({
    family: Schema.String,
    length: Schema.Int,
    hash: Schema.String,
    since: Schema.Int,
    publicKey: Schema.String,
    signature: Schema.String
  })
})
export type Evidence = typeof Evidence.Type

export const EvidenceJson = Schema.fromJsonString(Evidence)

export interface EvidenceVerified {
  readonly terms: Terms
  readonly verdict: Verdict
  readonly gaps: ReadonlyArray<Gap>
  readonly runs: ReadonlyArray<Run>
  /** What the log said itself when the terms were met. */
  readonly met: TriggerMet | undefined
  readonly facts: number
  /** The place of the last fact that is not in the file, 0 where it is whole: retention removed it, or somebody left it out. */
  readonly beginsAfter: number
  /** Unix ms: when these terms were first written down. */
  readonly watchedSince: number
  /** How often the terms of this name were changed; readings of before count nothing. */
  readonly changes: number
  /** Readings came from a made-up market. */
  readonly simulated: boolean
  /** The longest between a minute's end and its being written, ms. */
  readonly delayMillisMax: number
  /** SHA-256 of the public key's DER, hexadecimal; whether it is the one that was given. */
  readonly keyFingerprint: string
  readonly keyGiven: boolean
}

/** The evidence proves nothing. */
export class EvidenceRefused extends Schema.TaggedError<EvidenceRefused>()("EvidenceRefused", { problem: Schema.String }) {
  override get message() {
    return `the evidence is refused: ${this.problem}`
  }
}

const decode = Schema.decodeUnknownOption(EvidenceJson, { onExcessProperty: "error" })

/** Of an Ed25519 public key in PEM; undefined for what is none. */
export const keyFingerprint = (pem: string): string | undefined => {
  const der = Option.liftThrowable(() => createPublicKey(pem).export({ type: "spki", format: "der" }))()
  return Option.getOrUndefined(Option.map(der, (bytes) => createHash("sha256").update(bytes).digest("hex")))
}

/** `key`: the engine's public key in PEM, from somewhere else than the file. */
export const verifyEvidence = (text: string, key: string | undefined): EvidenceVerified | EvidenceRefused => {
  const refused = (problem: string) => new EvidenceRefused({ problem })
  if (Buffer.byteLength(text) > evidenceBytesMax) return refused(`it is larger than ${evidenceBytesMax} bytes`)
  const decoded = decode(text)
  if (Option.isNone(decoded)) return refused(`it is no whole file of the form ${evidenceFormat}`)
  const { anchor, facts, family, log, seal: end, terms } = decoded.value
  if (family !== insuranceFamily(terms.name) || end.family !== family || (anchor !== null && anchor.family !== family))
    return refused(`its parts are not of one family of facts: the terms' is ${insuranceFamily(terms.name)}`)
  const fingerprint = keyFingerprint(end.publicKey)
  if (fingerprint === undefined) return refused("its public key is none")
  if (key !== undefined && keyFingerprint(key) !== fingerprint)
    return refused(`it is signed with another key than the one that was given (the file's is ${fingerprint})`)
  if (!isGenuine(log, end)) return refused("its seal was altered, or is not signed with the key that it names")
  const broken = brokenLink(decoded.value)
  if (broken !== undefined) return refused(broken)

  const record = new InsuranceRecord()
  for (const fact of facts) record.add(fact)
  if (record.unreadable > 0) return refused(`${record.unreadable} of its facts cannot be understood`)
  const { trigger, watched } = record
  if (watched === undefined || trigger === undefined) return refused("no fact in it says which terms were watched")
  if (watched.digest !== digestOfTerms(terms)) return refused("the terms that were watched are others than those it begins with")
  const found = metFactOf(record)
  if (record.met !== undefined && JSON.stringify(record.met) !== JSON.stringify(found))
    return refused("the log says that the terms were met otherwise than its readings do")
  return {
    terms,
    verdict: trigger.verdict,
    gaps: trigger.gaps,
    runs: trigger.runs,
    met: record.met,
    facts: facts.length,
    beginsAfter: anchor?.chainIndex ?? 0,
    watchedSince: watched.recordedAt,
    changes: record.changes,
    simulated: watched.simulated,
    delayMillisMax: record.delayMillisMax,
    keyFingerprint: fingerprint,
    keyGiven: key !== undefined
  }
}

/** What is wrong with the chain from the anchor to the sealed end. */
const brokenLink = ({ anchor, facts, family, seal: end, terms }: Evidence): string | undefined => {
  let chainIndex = anchor?.chainIndex ?? 0
  let hash = anchor?.hash ?? genesis
  for (const fact of facts) {
    if (fact.chainIndex !== chainIndex + 1) return `fact ${chainIndex + 1} is missing`
    if (fact.previousHash !== hash) return `fact ${fact.chainIndex} does not follow the fact before it`
    if (familyOf(fact.stream) !== family || fact.stream !== insuranceStream(terms.name))
      return `fact ${fact.chainIndex} is of another cover`
    if (fact.hash !== seal(fact)) return `fact ${fact.chainIndex} was altered after it was sealed`
    chainIndex = fact.chainIndex
    hash = fact.hash
  }
  if (chainIndex !== end.length) return `its end is cut off: it has ${chainIndex} facts, and ${end.length} were sealed`
  return hash === end.hash ? undefined : `fact ${chainIndex} is not the one that was sealed as the last`
}
