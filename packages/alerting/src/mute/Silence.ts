/**
 * Alerts that somebody does not want to hear of for a while, and why.
 *
 * Source: prometheus.io/docs/alerting/latest/alertmanager, "Silences".
 */
import type { Labels } from "@evenkeel/domain/alert/Labels"
import { Schema } from "effect"
import { compileMatchers, matchAll, MatcherTexts } from "../route/Matcher.ts"

/** A fact of the log, under the silence's id: the last one of an id holds. */
export const Silence = Schema.Struct({
  id: Schema.NonEmptyString,
  matchers: MatcherTexts.check(Schema.isMinLength(1)),
  /** Unix ms; it holds from `startsAt` on, and no more at `endsAt`. */
  startsAt: Schema.Finite,
  endsAt: Schema.Finite,
  createdBy: Schema.NonEmptyString,
  comment: Schema.NonEmptyString
}).check(Schema.makeFilter(({ endsAt, startsAt }) => endsAt >= startsAt, { expected: "an end that is not before the start" }))
export type Silence = typeof Silence.Type

export type SilenceState = "pending" | "active" | "expired"

export const silenceStateAt = ({ endsAt, startsAt }: Pick<Silence, "startsAt" | "endsAt">, now: number): SilenceState =>
  now < startsAt ? "pending" : now < endsAt ? "active" : "expired"

/** The silences that hold an alert back at `now`. Matchers are compiled once for each silence. */
export class Silences {
  readonly #silences: ReadonlyArray<{ readonly silence: Silence; readonly matches: (labels: Labels) => boolean }>

  constructor(silences: ReadonlyArray<Silence>) {
    this.#silences = silences.map((silence) => {
      const matchers = compileMatchers(silence.matchers)
      return { silence, matches: (labels) => matchAll(matchers, labels) }
    })
  }

  of(labels: Labels, now: number): ReadonlyArray<Silence> {
    return this.#silences.flatMap(({ matches, silence }) => (silenceStateAt(silence, now) === "active" && matches(labels) ? [silence] : []))
  }
}
