/** What tells one alert from another, as in Prometheus: names with values. A name that is not there equals one whose value is empty. */
import { Schema } from "effect"
import { fingerprintOf } from "./Fingerprint.ts"

export const LabelName = Schema.String.check(Schema.isPattern(/^[a-zA-Z_][a-zA-Z0-9_]{0,63}$/))
export const LabelValue = Schema.String.check(Schema.isMaxLength(256))
export const Labels = Schema.Record(LabelName, LabelValue)
export type Labels = typeof Labels.Type

/** As text, sorted by name: `{alertname="Depeg", coin="USDC"}`. */
export const labelsText = (labels: Labels): string =>
  `{${sorted(labels)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(", ")}}`

/** The same labels give the same fingerprint, in whatever order they stand. */
export const labelsFingerprint = (labels: Labels): string => fingerprintOf(...sorted(labels).flat())

const sorted = (labels: Labels): ReadonlyArray<readonly [string, string]> =>
  Object.entries(labels)
    .filter(([, value]) => value !== "")
    .sort(([a], [b]) => (a < b ? -1 : 1))
