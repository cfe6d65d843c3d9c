/** Alerts out of their facts: their levels, who was told, and who acknowledged them after how long. */
import { Acknowledgement } from "@evenkeel/alerting/manager/Acknowledgement"
import { Notified } from "@evenkeel/alerting/group/Notified"
import { Labels } from "@evenkeel/domain/alert/Labels"
import { Effect, Option, Schema } from "effect"
import type { MonthFact } from "./MonthFacts.ts"
import type { AlertEntry } from "./Report.ts"

/** Of an alert's state, what a report tells: whatever else it is made of may differ between versions. */
const State = Schema.Struct({
  alert: Schema.Struct({
    fingerprint: Schema.String,
    labels: Labels.pipe(Schema.withDecodingDefaultKey(Effect.succeed({}))),
    level: Schema.String,
    startsAt: Schema.Finite,
    endsAt: Schema.NullOr(Schema.Finite),
    closedReason: Schema.optionalKey(Schema.String),
    simulated: Schema.optionalKey(Schema.Boolean)
  }),
  openedPosition: Schema.Int
})

const decodeState = Schema.decodeUnknownOption(Schema.fromJsonString(State))
const decodeNotified = Schema.decodeUnknownOption(Schema.fromJsonString(Notified))
const decodeAcknowledgement = Schema.decodeUnknownOption(Schema.fromJsonString(Acknowledgement))

type Mutable<A> = { -readonly [Key in keyof A]: A[Key] extends ReadonlyArray<infer Item> ? Array<Item> : A[Key] }
interface Known {
  readonly openedPosition: number
  /** When its opening was recorded; where retention has removed that fact, when it began by the engine's time. */
  readonly openedAt: number
  readonly entry: Mutable<AlertEntry>
}

export class AlertHistory {
  readonly #known = new Map<string, Array<Known>>()

  /** False for a fact that cannot be read. */
  add({ kind, payload, recordedAt }: MonthFact): boolean {
    if (kind === "Notified") {
      const notified = decodeNotified(payload)
      if (Option.isNone(notified)) return false
      const { alerts, receivers, why } = notified.value
      for (const { fingerprint, position } of alerts)
        this.#of(fingerprint, position)?.entry.notified.push({ at: recordedAt, why, receivers: [...receivers] })
      return true
    }
    if (kind === "AlertAcknowledged") {
      const acknowledgement = decodeAcknowledgement(payload)
      if (Option.isNone(acknowledgement)) return false
      const { by, comment, fingerprint, openedPosition } = acknowledgement.value
      const known = this.#of(fingerprint, openedPosition)
      known?.entry.acknowledged.push({ at: recordedAt, by, comment, afterSeconds: (recordedAt - known.openedAt) / 1000 })
      return true
    }
    const state = decodeState(payload)
    if (Option.isNone(state)) return false
    const { alert, openedPosition } = state.value
    const { closedReason, endsAt, fingerprint, labels, level, simulated = false, startsAt } = alert
    const all = this.#known.get(fingerprint) ?? []
    this.#known.set(fingerprint, all)
    let known = all.find((each) => each.openedPosition === openedPosition)
    if (known === undefined) {
      const entry = { fingerprint, labels, simulated, startsAt, endsAt, closedReason: null, levels: [], notified: [], acknowledged: [] }
      known = { openedPosition, openedAt: kind === "AlertOpened" ? recordedAt : startsAt, entry }
      all.push(known)
    }
    Object.assign(known.entry, { labels, endsAt, closedReason: closedReason ?? null })
    if (kind !== "AlertResolved") known.entry.levels.push({ at: recordedAt, level })
    return true
  }

  /** By when they began. */
  get entries(): ReadonlyArray<AlertEntry> {
    return [...this.#known.values()]
      .flat()
      .map(({ entry }) => entry)
      .sort((a, b) => a.startsAt - b.startsAt || (a.fingerprint < b.fingerprint ? -1 : 1))
  }

  /** The opening of an alert that a fact at `position` is about. */
  #of(fingerprint: string, position: number): Known | undefined {
    return this.#known.get(fingerprint)?.findLast(({ openedPosition }) => openedPosition <= position)
  }
}
