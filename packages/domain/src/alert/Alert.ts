/** Alerts and notifications as receivers get them, with the field names of Prometheus Alertmanager. */
import { Effect, Schema } from "effect"
import { Labels } from "./Labels.ts"
import { LevelChange, RiskLevel } from "../risk/RiskLevel.ts"

export const AlertStatus = Schema.Literals(["firing", "resolved"])
export type AlertStatus = typeof AlertStatus.Type

/** The state of one alert; at most one alert per fingerprint is firing. */
export const Alert = Schema.Struct({
  /** 16 hex digits; equal for the same coin and the same kind of trouble. */
  fingerprint: Schema.String,
  status: AlertStatus,
  /** What routes and silences go by: `alertname`, `coin`, `kind` and `severity`, which is the level. Facts of older versions have none. */
  labels: Labels.pipe(Schema.withDecodingDefaultKey(Effect.succeed({}))),
  level: RiskLevel,
  /** Unix ms of the level change that opened it. */
  startsAt: Schema.Finite,
  /** Unix ms of the level change that resolved it; null while firing. */
  endsAt: Schema.NullOr(Schema.Finite),
  change: LevelChange,
  /** Why somebody closed it by hand; not there when the coin's level resolved it. */
  closedReason: Schema.optionalKey(Schema.String)
})
export type Alert = typeof Alert.Type

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
  /** True when the market was a demo's: nobody has lost anything. */
  simulated: Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(false)))
})
export type Notification = typeof Notification.Type
