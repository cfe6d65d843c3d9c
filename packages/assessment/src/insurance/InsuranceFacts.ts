/** The facts about a cover in the log, and folding them: what stood when, and whether the terms are met by what was written down. */
import type { StoredEvent } from "@evenkeel/store/event/EventStore"
import { Option, Schema } from "effect"
import { Reading } from "./Reading.ts"
import { digestOfTerms, Terms } from "./Terms.ts"
import { Trigger } from "./Trigger.ts"

/** From here on these terms are watched; readings before it count nothing for them. */
export const TermsWatched = Schema.Struct({ terms: Terms, digest: Schema.String, engine: Schema.String, simulated: Schema.Boolean })
export type TermsWatched = typeof TermsWatched.Type

/** Readings in one fact: those of an average are written together once the coin comes within reach of the mark. */
export const readingsInFactMax = 60
export const ReadingsTaken = Schema.Struct({
  readings: Schema.Array(Reading).check(Schema.isMinLength(1), Schema.isMaxLength(readingsInFactMax))
})
export type ReadingsTaken = typeof ReadingsTaken.Type

/** Minutes begin to count; or nothing counts any more. */
export const TriggerAccruing = Schema.Struct({ digest: Schema.String, since: Schema.Finite })
export const TriggerLapsed = Schema.Struct({ digest: Schema.String, since: Schema.Finite, at: Schema.Finite })

export const TriggerMet = Schema.Struct({
  digest: Schema.String,
  coin: Schema.String,
  since: Schema.Finite,
  metAt: Schema.Finite,
  minutes: Schema.Finite,
  gapMinutes: Schema.Finite,
  lossBps: Schema.Finite,
  payableBps: Schema.Finite,
  /** Places in the family's chain: where the evidence begins and ends. */
  firstFact: Schema.Int,
  lastFact: Schema.Int
})
export type TriggerMet = typeof TriggerMet.Type

const facts = { TermsWatched, ReadingsTaken, TriggerAccruing, TriggerLapsed, TriggerMet }
export type InsuranceFactKind = keyof typeof facts

const decoders = {
  TermsWatched: Schema.decodeUnknownOption(Schema.fromJsonString(TermsWatched)),
  ReadingsTaken: Schema.decodeUnknownOption(Schema.fromJsonString(ReadingsTaken)),
  TriggerMet: Schema.decodeUnknownOption(Schema.fromJsonString(TriggerMet))
}

/** What the facts of one family say, taken one by one in the chain's order. */
export class InsuranceRecord {
  watched: (TermsWatched & { readonly fact: number; readonly recordedAt: number }) | undefined
  trigger: Trigger | undefined
  met: TriggerMet | undefined
  /** Places of the chain that were seen, facts that could not be read, and how often the terms were changed. */
  facts = 0
  unreadable = 0
  changes = 0
  /** The longest time between the end of a minute and its being written, ms. */
  delayMillisMax = 0
  lastReading: number | undefined

  add({ chainIndex, kind, payload, recordedAt }: Pick<StoredEvent, "chainIndex" | "kind" | "payload" | "recordedAt">): void {
    this.facts = chainIndex
    if (kind === "TermsWatched") {
      const watched = decoders.TermsWatched(payload)
      if (Option.isNone(watched) || digestOfTerms(watched.value.terms) !== watched.value.digest) return void this.unreadable++
      if (this.watched !== undefined) this.changes++
      this.watched = { ...watched.value, fact: chainIndex, recordedAt }
      this.trigger = new Trigger(watched.value.terms)
      this.met = undefined
    } else if (kind === "ReadingsTaken") {
      const taken = decoders.ReadingsTaken(payload)
      if (Option.isNone(taken)) return void this.unreadable++
      for (const reading of taken.value.readings) {
        this.trigger?.add(reading, chainIndex)
        this.lastReading = Math.max(this.lastReading ?? 0, reading.time)
        this.delayMillisMax = Math.max(this.delayMillisMax, recordedAt - reading.time)
      }
    } else if (kind === "TriggerMet") {
      const met = decoders.TriggerMet(payload)
      if (Option.isNone(met)) return void this.unreadable++
      if (met.value.digest === this.watched?.digest) this.met = met.value
    }
  }
}

/** What of the evaluation is written as the fact that the terms are met; undefined while they are not. */
export const metFactOf = ({ trigger, watched }: InsuranceRecord): TriggerMet | undefined => {
  if (trigger === undefined || watched === undefined) return undefined
  const { firstFact, gapMinutes, lastFact, lossBps, metAt, minutes, payableBps, since, state } = trigger.verdict
  if (state !== "met" || since === null || metAt === null || lossBps === null || payableBps === null) return undefined
  const { digest, terms } = watched
  return {
    digest,
    coin: terms.coin,
    since,
    metAt,
    minutes,
    gapMinutes,
    lossBps,
    payableBps,
    firstFact: firstFact ?? watched.fact,
    lastFact: lastFact ?? watched.fact
  }
}
