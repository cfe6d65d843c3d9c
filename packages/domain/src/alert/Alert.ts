/** What people and machines outside are told, in Alertmanager's words. */
import { Schema } from "effect"
import { LevelChange, RiskLevel } from "../risk/RiskLevel.ts"

export const AlertStatus = Schema.Literals(["firing", "resolved"])
export type AlertStatus = typeof AlertStatus.Type

/** An alert's state: one per fingerprint, from the change that opened it to the one that resolved it. */
export const Alert = Schema.Struct({
  /** Same coin and same kind of trouble, same fingerprint. */
  fingerprint: Schema.String,
  status: AlertStatus,
  level: RiskLevel,
  /** Unix ms of the change that opened it. */
  startsAt: Schema.Finite,
  endsAt: Schema.NullOr(Schema.Finite),
  change: LevelChange
})
export type Alert = typeof Alert.Type

/** One message to one receiver. A receiver that has seen `idempotencyKey` may ignore a repeat. */
export const Notification = Schema.Struct({
  idempotencyKey: Schema.String,
  /** Position of the event behind it in the event store. */
  position: Schema.Int,
  alert: Alert
})
export type Notification = typeof Notification.Type

/** FNV-1a over 64 bits of the parts that make two alerts the same trouble. */
export const fingerprintOf = (...parts: ReadonlyArray<string>): string => {
  let value = 0xcbf29ce484222325n
  for (const byte of new TextEncoder().encode(parts.join("\u0000"))) {
    value = BigInt.asUintN(64, (value ^ BigInt(byte)) * 0x100000001b3n)
  }
  return value.toString(16).padStart(16, "0")
}
