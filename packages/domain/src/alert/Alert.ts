/** Alerts and notifications as receivers get them, with the field names of Prometheus Alertmanager. */
import { Effect, Schema } from "effect"
import { Labels } from "./Labels.ts"
import { type ChangeKind, LevelChange, RiskLevel } from "../risk/RiskLevel.ts"

export const AlertStatus = Schema.Literals(["firing", "resolved"])
export type AlertStatus = typeof AlertStatus.Type

/** Which side of its threshold a rule's signal is on when the rule holds. */
export const Comparison = Schema.Literals(["above", "below"])
export type Comparison = typeof Comparison.Type

/** What a rule that people wrote saw when it fired or, of an alert that is over, when it was cleared. */
export const RuleCause = Schema.Struct({
  name: Schema.String,
  signal: Schema.String,
  /** In the signal's unit. */
  value: Schema.Finite,
  threshold: Schema.Finite,
  comparison: Comparison,
  /** As it is written behind a number; empty for a count. */
  unit: Schema.String,
  /** The rule's own words, with its values filled in: `summary` and `description`, either of which may be missing. */
  annotations: Schema.Record(Schema.String, Schema.String)
})
export type RuleCause = typeof RuleCause.Type

/** The state of one alert, of a coin's level or of a rule; at most one alert per fingerprint is firing. */
export const Alert = Schema.Struct({
  /** 16 hex digits; equal for the same coin and the same kind of trouble, or the same rule and the same labels of its signal. */
  fingerprint: Schema.String,
  status: AlertStatus,
  /**
   * What routes and silences go by: `alertname`, `kind`, `severity`, which is the level, and `coin`; for a rule also the labels of its signal and its own.
   * Facts of older versions have none.
   */
  labels: Labels.pipe(Schema.withDecodingDefaultKey(Effect.succeed({}))),
  level: RiskLevel,
  /** Unix ms of the change that opened it. */
  startsAt: Schema.Finite,
  /** Unix ms of the change that resolved it; null while firing. */
  endsAt: Schema.NullOr(Schema.Finite),
  /** Of an alert about a coin's level: its last change. */
  change: Schema.optionalKey(LevelChange),
  /** Of an alert that a rule raised. An alert has this or `change`. */
  rule: Schema.optionalKey(RuleCause),
  /** Why it was closed, where neither the coin's level nor the rule's signal resolved it. */
  closedReason: Schema.optionalKey(Schema.String),
  /** Who closed it: `operator` when it is left out, as in facts of older versions. */
  closedBy: Schema.optionalKey(Schema.Literals(["operator", "engine"])),
  /** True when the market was made up. Not there when it was a real one, or the fact is of an older version. */
  simulated: Schema.optionalKey(Schema.Boolean)
}).check(Schema.makeFilter(({ change, rule }) => (change === undefined) !== (rule === undefined), { expected: "a level change or a rule" }))
export type Alert = typeof Alert.Type

/** The coin that an alert is about; undefined for a rule about the engine itself. */
export const alertCoin = ({ change, labels }: Pick<Alert, "change" | "labels">): string | undefined => change?.coin ?? labels["coin"]

/** The kind of a coin's trouble, or `rule`. */
export const alertKind = ({ change }: Pick<Alert, "change">): ChangeKind | "rule" => change?.kind ?? "rule"

/** What an alert is about, in a word: its coin, else what its signal is told apart by, else its rule. */
export const alertSubject = (alert: Pick<Alert, "change" | "labels" | "rule">): string =>
  alertCoin(alert) ?? alert.labels["component"] ?? alert.rule?.name ?? ""

/** Unix ms of its last change. */
export const alertChangedAt = ({ change, endsAt, startsAt }: Pick<Alert, "change" | "endsAt" | "startsAt">): number =>
  change?.time ?? endsAt ?? startsAt

/**
 * One message to one receiver, about the alerts of one group. Delivery is at least once: a receiver ignores an `idempotencyKey` that it has seen.
 */
export const Notification = Schema.Struct({
  idempotencyKey: Schema.String,
  /** Position in the event store of the newest fact behind it. */
  position: Schema.Int,
  /** The same for every notification of the group. */
  groupKey: Schema.String,
  /** What its alerts have in common, as their route groups them. */
  groupLabels: Labels,
  /** `firing` while one of its alerts fires. */
  status: AlertStatus,
  /** The most severe first, those that are over last. Never empty. */
  alerts: Schema.NonEmptyArray(Alert),
  /** Of its alerts that fire, those that somebody has acknowledged. */
  acknowledged: Schema.optionalKey(
    Schema.Array(Schema.Struct({ fingerprint: Schema.String, by: Schema.String, comment: Schema.String, at: Schema.Finite }))
  ),
  /** True when the market of each of its alerts was made up: nobody has lost anything. */
  simulated: Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(false)))
})
export type Notification = typeof Notification.Type
