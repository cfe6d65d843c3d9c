/**
 * What a level change means for the alerts of its coin: which one opens, changes or is over. Pure: the same log gives the same alerts.
 *
 * An alert is told apart by its fingerprint: the coin and the kind of trouble. A coin without fresh prices has an alert of its own beside
 * whatever else is open, because what nobody can see is neither over nor worse.
 */
import { Alert } from "@evenkeel/domain/alert/Alert"
import { fingerprintOf } from "@evenkeel/domain/alert/Fingerprint"
import type { Labels } from "@evenkeel/domain/alert/Labels"
import { CoinSymbol } from "@evenkeel/domain/coin/Coin"
import { type ChangeKind, changeKinds, type LevelChange, type RiskLevel, severity } from "@evenkeel/domain/risk/RiskLevel"
import { Schema } from "effect"
import { alertNames } from "./AlertNames.ts"

/** The kinds of facts about alerts in the log. */
export const AlertFactKind = Schema.Literals(["AlertOpened", "AlertChanged", "AlertResolved"])
export type AlertFactKind = typeof AlertFactKind.Type

/** An alert as it stands after a level change. */
export const AlertState = Schema.Struct({
  alert: Alert,
  /** Position in the log of the level change that opened it. */
  openedPosition: Schema.Int,
  /** Position of the level change behind this state. */
  position: Schema.Int
})
export type AlertState = typeof AlertState.Type

/** Somebody closes every alert of a coin that no engine watches any more, or an engine that starts those of a made-up market. */
export const AlertsClosed = Schema.Struct({
  coin: CoinSymbol,
  reason: Schema.NonEmptyString,
  /** Who closed them. Facts of older versions do not say. */
  by: Schema.optionalKey(Schema.String),
  /** Unix ms. */
  time: Schema.Finite,
  /** An engine says so: it closes the alerts of made-up markets alone. A person when it is left out. */
  simulatedOnly: Schema.optionalKey(Schema.Literal(true))
})
export type AlertsClosed = typeof AlertsClosed.Type

export interface AlertFact {
  readonly kind: AlertFactKind
  readonly state: AlertState
}

/** Labels of an alert about a coin's level. */
export const levelLabels = (coin: string, kind: ChangeKind, level: RiskLevel): Labels => ({
  alertname: alertNames[kind],
  coin,
  kind,
  severity: level
})

/** A made-up market's trouble is not the real one's: each has an alert of its own. */
export const levelFingerprint = (coin: string, kind: ChangeKind, simulated: boolean): string =>
  simulated ? fingerprintOf(coin, kind, "simulated") : fingerprintOf(coin, kind)

/** `all` holds the coin's firing alerts; `position` is the change's in the log. Changes below `minimumLevel` open no alert. */
export const decide = (
  all: ReadonlyArray<AlertState>,
  change: LevelChange,
  position: number,
  minimumLevel: RiskLevel
): ReadonlyArray<AlertFact> => {
  const opened = (alert: Alert): AlertFact => ({ kind: "AlertOpened", state: { alert, openedPosition: position, position } })
  const resolved = ({ alert, openedPosition }: AlertState): AlertFact => ({
    kind: "AlertResolved",
    state: { alert: { ...alert, status: "resolved", endsAt: change.time, change }, openedPosition, position }
  })
  const { coin, kind, level } = change
  const simulated = change.simulated === true
  const open = all.filter(({ alert }) => (alert.simulated === true) === simulated)
  const fingerprint = levelFingerprint(coin, kind, simulated)
  const known = open.find(({ alert }) => alert.fingerprint === fingerprint)
  const labels = levelLabels(coin, kind, level)
  const fresh = (): Alert => ({
    fingerprint,
    status: "firing",
    labels,
    level,
    startsAt: change.time,
    endsAt: null,
    change,
    ...(simulated ? { simulated } : {})
  })
  // Whatever the minimum: nobody knows what a coin does that cannot be seen.
  if (level === "stale") return known === undefined ? [opened(fresh())] : []

  const stale = levelFingerprint(coin, "stale", simulated)
  const ends = severity(level) < severity(minimumLevel)
  const facts = open.flatMap((state): ReadonlyArray<AlertFact> => {
    const { alert } = state
    if (alert.fingerprint === stale) return [resolved(state)]
    // A recovery of less than all keeps the alert open at its lower level; another kind of trouble ends the old one.
    if (ends || (kind !== "recovery" && alert.fingerprint !== fingerprint)) return [resolved(state)]
    // A level that the alert has had already is no news: an engine that was restarted may climb the levels again.
    const isNews = kind === "recovery" ? level !== alert.level : severity(level) > severity(alert.level)
    const changed = { ...alert, labels: { ...alert.labels, severity: level }, level, change }
    return isNews ? [{ kind: "AlertChanged", state: { ...state, alert: changed, position } }] : []
  })
  return ends || kind === "recovery" || known !== undefined ? facts : [...facts, opened(fresh())]
}

/** What closing means for the coin's firing alerts. */
export const decideClosed = (
  open: ReadonlyArray<AlertState>,
  { reason, simulatedOnly, time }: AlertsClosed,
  position: number
): ReadonlyArray<AlertFact> =>
  open
    .filter(({ alert }) => simulatedOnly === undefined || alert.simulated === true)
    .map(({ alert, openedPosition }) => ({
      kind: "AlertResolved",
      state: {
        alert: {
          ...alert,
          status: "resolved",
          endsAt: time,
          closedReason: reason,
          ...(simulatedOnly === undefined ? {} : { closedBy: "engine" })
        },
        openedPosition,
        position
      }
    }))

/** Every fingerprint that an alert of the coin's level can have. */
export const fingerprintsOf = (coin: string): ReadonlyArray<string> =>
  changeKinds.flatMap((kind) => [levelFingerprint(coin, kind, false), levelFingerprint(coin, kind, true)])
