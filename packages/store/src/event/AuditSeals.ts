/** Compares the log with its seals: is everything still there that was there when its end was signed last? */
import { Effect } from "effect"
import { compareHeads, type FamilyVerdict } from "./AuditHead.ts"
import { EventStore } from "./EventStore.ts"
import { isGenuine, presentSeals } from "./Seal.ts"

export interface SealVerdict extends Omit<FamilyVerdict, "verdict"> {
  /** Beside those of a compared head, `unsealed`: there is no seal; `forged`: it is not signed with the engine's key. */
  readonly verdict: FamilyVerdict["verdict"] | "unsealed" | "forged"
  /** The first fact that a seal was written for. */
  readonly since: number
}

/** `publicKey`: the engine's, where it is known; otherwise the key that a seal names is believed. */
export const checkSeals = Effect.fn("checkSeals")(function* (publicKey?: string) {
  const store = yield* EventStore
  const seals = yield* presentSeals
  const genuine = seals.filter((seal) => (publicKey === undefined || seal.publicKey === publicKey) && isGenuine(store.id, seal))
  const compared = yield* compareHeads(genuine)
  const rest = (yield* store.heads)
    .filter(({ family, length }) => length > 0 && !genuine.some((seal) => seal.family === family))
    .map(({ family, length }): SealVerdict => {
      const seal = seals.find((each) => each.family === family)
      return { family, verdict: seal === undefined ? "unsealed" : "forged", length: seal?.length ?? 0, lengthNow: length, since: 0 }
    })
  return [
    ...compared.map((verdict): SealVerdict => ({ ...verdict, since: genuine.find(({ family }) => family === verdict.family)!.since })),
    ...rest
  ]
})

const lost: ReadonlyArray<SealVerdict["verdict"]> = ["rewritten", "shortened", "unsealed", "forged"]

export const sealsHold = (verdicts: ReadonlyArray<SealVerdict>): boolean => verdicts.every(({ verdict }) => !lost.includes(verdict))
