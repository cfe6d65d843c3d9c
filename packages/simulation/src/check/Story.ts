/** The log as alerting's checks read it: what was known at each notification, folded from the facts before it. */
import { Notified } from "@evenkeel/alerting/group/Notified"
import { Acknowledgement } from "@evenkeel/alerting/manager/Acknowledgement"
import { AlertFactKind, AlertState } from "@evenkeel/alerting/manager/Decide"
import { RuleCleared, RuleFired } from "@evenkeel/alerting/rule/RuleFacts"
import { Silence } from "@evenkeel/alerting/mute/Silence"
import type { StoredEvent } from "@evenkeel/store/event/EventStore"
import { Schema } from "effect"

const decoded = <A>(schema: Schema.Codec<A, unknown>) => Schema.decodeUnknownSync(Schema.fromJsonString(schema))
const toState = decoded(AlertState)
const toNotified = decoded(Notified)
const toSilence = decoded(Silence)
const toAcknowledgement = decoded(Acknowledgement)
const toFired = decoded(RuleFired)
const toCleared = decoded(RuleCleared)
const isAlertFact = Schema.is(AlertFactKind)

interface At {
  readonly position: number
  readonly transaction: string
  readonly at: number
}

export type Fact =
  | (At & { readonly is: "alert"; readonly value: AlertState })
  | (At & { readonly is: "notified"; readonly value: Notified })
  | (At & { readonly is: "silence"; readonly value: Silence })
  | (At & { readonly is: "acknowledgement"; readonly value: Acknowledgement })
  | (At & { readonly is: "fired"; readonly value: RuleFired })
  | (At & { readonly is: "cleared"; readonly value: RuleCleared })

/** The facts that bear on who is told what, in their order. */
export const storyOf = (rows: ReadonlyArray<StoredEvent>): ReadonlyArray<Fact> =>
  rows
    .toSorted((a, b) => a.position - b.position)
    .flatMap(({ kind, payload, position, recordedAt, transaction }): ReadonlyArray<Fact> => {
      const at = { position, transaction, at: recordedAt }
      if (isAlertFact(kind)) return [{ ...at, is: "alert", value: toState(payload) }]
      if (kind === "Notified") return [{ ...at, is: "notified", value: toNotified(payload) }]
      if (kind === "SilenceSet") return [{ ...at, is: "silence", value: toSilence(payload) }]
      if (kind === "AlertAcknowledged") return [{ ...at, is: "acknowledgement", value: toAcknowledgement(payload) }]
      if (kind === "RuleFired") return [{ ...at, is: "fired", value: toFired(payload) }]
      return kind === "RuleCleared" ? [{ ...at, is: "cleared", value: toCleared(payload) }] : []
    })

const severities = ["normal", "watch", "warning", "critical"]

/** What is known at a place in the log. */
export class Known {
  readonly alerts = new Map<string, AlertState>()
  readonly #silences = new Map<string, Silence>()
  readonly #acknowledgements = new Map<string, Acknowledgement>()

  take(fact: Fact): void {
    if (fact.is === "alert") this.alerts.set(fact.value.alert.fingerprint, fact.value)
    if (fact.is === "silence") this.#silences.set(fact.value.id, fact.value)
    if (fact.is === "acknowledgement") this.#acknowledgements.set(fact.value.fingerprint, fact.value)
  }

  get silences(): ReadonlyArray<Silence> {
    return [...this.#silences.values()]
  }

  get firing(): ReadonlyArray<AlertState["alert"]["labels"]> {
    return [...this.alerts.values()].flatMap(({ alert }) => (alert.status === "firing" ? [alert.labels] : []))
  }

  /** Somebody has said so of this opening, at this level or a worse one. */
  isAcknowledged({ alert, openedPosition }: AlertState): boolean {
    const known = this.#acknowledgements.get(alert.fingerprint)
    return (
      known !== undefined && known.openedPosition === openedPosition && severities.indexOf(alert.level) <= severities.indexOf(known.level)
    )
  }
}
