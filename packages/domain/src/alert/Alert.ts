/** Alerts and notifications as receivers get them, with the field names of Prometheus Alertmanager. */
import { Effect, Schema } from "effect"
import { LevelChange, RiskLevel } from "../risk/RiskLevel.ts"

export const AlertStatus = Schema.Literals(["firing", "resolved"])
export type AlertStatus = typeof AlertStatus.Type

/** The state of one alert; at most one alert per fingerprint is firing. */
export const Alert = Schema.Struct({
  /** 16 hex digits; equal for the same coin and the same kind of trouble. */
  fingerprint: Schema.String,
  status: AlertStatus,
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

/** One message to one receiver. Delivery is at least once: a receiver ignores an `idempotencyKey` that it has seen. */
export const Notification = Schema.Struct({
  idempotencyKey: Schema.String,
  /** Position in the event store of the level change behind it. */
  position: Schema.Int,
  alert: Alert,
  /** True when the market was a demo's: nobody has lost anything. */
  simulated: Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(false)))
})
export type Notification = typeof Notification.Type

/**
 * The 64-bit FNV-1a hash of `parts`, as 16 hex digits. The same parts give the same fingerprint.
 * Source: datatracker.ietf.org/doc/draft-eastlake-fnv.
 */
export const fingerprintOf = (...parts: ReadonlyArray<string>): string => {
  let value = 0xcbf29ce484222325n
  for (const byte of new TextEncoder().encode(parts.join("\u0000"))) {
    value = BigInt.asUintN(64, (value ^ BigInt(byte)) * 0x100000001b3n)
  }
  return value.toString(16).padStart(16, "0")
}
