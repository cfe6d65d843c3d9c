/**
 * Evidence in one file that proves, without any engine or database, what stood in the log about a cover: its terms, the readings, and the trigger.
 *
 * It is the whole chain of the cover's family with the seal of its end, as the engine signed it in the transaction that wrote the last fact. Whoever verifies
 * computes the chain, checks the signature and judges the terms anew. A key inside the file proves only that the file is one piece: anybody can make a chain
 * and a key. That it is the engine's is known to whoever has the key from elsewhere.
 */
import { ChainAnchor, genesis, seal } from "@evenkeel/store/event/Chain"
import { StoredEvent } from "@evenkeel/store/event/EventStore"
import { isGenuine } from "@evenkeel/store/event/Seal"
import { Option, Schema } from "effect"
import { createHash, createPublicKey } from "node:crypto"
import { duplicateKeyOf } from "../json/DuplicateKey.ts"
import { InsuranceRecord, metFactOf, type TriggerMet } from "./InsuranceFacts.ts"
import { digestOfTerms, insuranceFamily, isSimulatedFamily, Terms } from "./Terms.ts"
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
  /** Null: a chain whose beginning is missing proves nothing, since what is missing may speak against the trigger. */
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
  const twice = duplicateKeyOf(text)
  if (twice !== undefined) return refused(`${twice} is there twice: which of the two counts, another reader may see otherwise`)
  const { anchor, facts, family, log, seal: end, terms } = decoded.value
  const simulated = isSimulatedFamily(family)
  if (family !== insuranceFamily(terms.name, simulated) || end.family !== family)
    return refused(`its parts are not of one family of facts: the terms' is ${insuranceFamily(terms.name, simulated)}`)
  if (anchor !== null) return refused(`its beginning is cut off: the first ${anchor.chainIndex} facts of the chain are missing`)
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
  if (simulated && !watched.simulated) return refused("it is of a simulated market, and its terms were watched as if it were a real one")
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
    watchedSince: watched.recordedAt,
    changes: record.changes,
    simulated: watched.simulated,
    delayMillisMax: record.delayMillisMax,
    keyFingerprint: fingerprint,
    keyGiven: key !== undefined
  }
}

/** What is wrong with the chain from its first fact to the sealed end. */
const brokenLink = ({ facts, family, seal: end }: Evidence): string | undefined => {
  let chainIndex = 0
  let hash = genesis
  for (const fact of facts) {
    if (fact.chainIndex !== chainIndex + 1) return `fact ${chainIndex + 1} is missing`
    if (fact.previousHash !== hash) return `fact ${fact.chainIndex} does not follow the fact before it`
    if (fact.stream !== `${family}/facts`) return `fact ${fact.chainIndex} is of another cover`
    if (fact.hash !== seal(fact)) return `fact ${fact.chainIndex} was altered after it was sealed`
    chainIndex = fact.chainIndex
    hash = fact.hash
  }
  if (chainIndex !== end.length) return `its end is cut off: it has ${chainIndex} facts, and ${end.length} were sealed`
  return hash === end.hash ? undefined : `fact ${chainIndex} is not the one that was sealed as the last`
}
