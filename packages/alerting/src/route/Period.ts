/**
 * A length of time as Prometheus and Alertmanager write it: `30s`, `1h30m`, `5d`.
 *
 * A year at most: a moment and a few of these are then exact in milliseconds, and fit into the database's columns.
 */
import { Schema } from "effect"

const units = { y: 31_536_000_000, w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const
const form = /^(?:0|(\d{1,9}y)?(\d{1,9}w)?(\d{1,9}d)?(\d{1,9}h)?(\d{1,9}m)?(\d{1,9}s)?(\d{1,9}ms)?)$/

const periodMillisMax = units.y

export const periodMillis = (period: string): number =>
  [...period.matchAll(/(\d+)(ms|[ywdhms])/g)].reduce((sum, [, count, unit]) => sum + Number(count) * units[unit as keyof typeof units], 0)

export const Period = Schema.String.check(
  Schema.isPattern(/./),
  Schema.isPattern(form, { expected: "a length of time such as 30s, 5m or 1h30m" }),
  Schema.makeFilter((text: string) => !form.test(text) || periodMillis(text) <= periodMillisMax, {
    expected: "a length of time of at most a year (1y, 365d)"
  })
)
export type Period = typeof Period.Type

/** As the files say it: `4h`, `1h30m`. */
export const periodText = (millis: number): string => {
  let left = millis
  const parts = Object.entries(units).flatMap(([unit, size]) => {
    // Nobody counts in years and weeks here.
    if (unit === "y" || unit === "w") return []
    const count = Math.floor(left / size)
    left -= count * size
    return count === 0 ? [] : [`${count}${unit}`]
  })
  return parts.length === 0 ? "0s" : parts.join("")
}
