/**
 * Which places, up to which facts are said to be removed, the engine has not signed.
 *
 * Retention signs where it will cut a family's chain before it does. Whoever removes facts by hand can write an anchor behind which the chain still
 * holds, but no signature for it.
 */
import { Effect, Option, Schema } from "effect"
import { type AuditHead, AuditHeadJson, isGenuineHead, presentAnchors } from "./AuditHead.ts"
import type { ChainAnchor } from "./Chain.ts"

const decode = Schema.decodeUnknownOption(AuditHeadJson)

/** `lines`: what retention has written to `audit-anchors.jsonl`, a signed head a line. Lines that are none, or are signed with another key, count nothing. */
export const unsignedAnchors = Effect.fn("unsignedAnchors")(function* (lines: string, publicKey: string) {
  const signed = lines
    .split("\n")
    .flatMap((line): ReadonlyArray<AuditHead> => decode(line).pipe(Option.toArray))
    .filter((head) => head.publicKey === publicKey && isGenuineHead(head))
    .flatMap(({ anchors }) => anchors)
  // A cut in several steps has signed its end alone; on its way there, it stands before it.
  const allows = (signed: ChainAnchor, present: ChainAnchor): boolean =>
    signed.family === present.family &&
    (signed.chainIndex === present.chainIndex ? signed.hash === present.hash : signed.chainIndex > present.chainIndex)
  return (yield* presentAnchors).filter((present) => !signed.some((anchor) => allows(anchor, present)))
})
