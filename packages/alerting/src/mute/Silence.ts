/**
 * Alerts that somebody does not want to hear of for a while, and why.
 *
 * Source: prometheus.io/docs/alerting/latest/alertmanager, "Silences".
 */
import type { Labels } from "@evenkeel/domain/alert/Labels"
import { Schema } from "effect"
import { compileMatchers, matchAll, MatcherTexts } from "../route/Matcher.ts"

/** A fact of the log, under the silence's id: the last one of an id holds. */
const fields = {
  id: Schema.NonEmptyString,
  matchers: MatcherTexts.check(Schema.isMinLength(1)),
  /** Unix ms; it holds from `startsAt` on, and no more at `endsAt`. */
  startsAt: Schema.Finite,
  endsAt: Schema.Finite,
  createdBy: Schema.NonEmptyString,
  comment: Schema.NonEmptyString,
  /** Who ended it before its time; not there where nobody did, or did not say. */
  endedBy: Schema.optionalKey(Schema.NonEmptyString)
}
export const Silence = Schema.Struct(fields).check(
  Schema.makeFilter(({ endsAt, startsAt }) => endsAt >= startsAt, { expected: "an end that is not before the start" })
)
export type Silence = typeof Silence.Type

export const SilenceState = Schema.Literals(["pending", "active", "expired"])
export type SilenceState = typeof SilenceState.Type

export const SilenceView = Schema.Struct({ ...fields, state: SilenceState })
export type SilenceView = typeof SilenceView.Type

export const silenceStateAt = ({ endsAt, startsAt }: Pick<Silence, "startsAt" | "endsAt">, now: number): SilenceState =>
  now < startsAt ? "pending" : now < endsAt ? "active" : "expired"

/** What somebody asks for. */
export const SilenceDraft = Schema.Struct({
  matchers: MatcherTexts.check(Schema.isMinLength(1), Schema.isMaxLength(20)),
  /** How long it holds from now on, at most a year. */
  minutes: Schema.Finite.check(Schema.isBetween({ minimum: 1, maximum: 525_600 })),
  createdBy: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(100)),
  comment: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(1000))
})
export type SilenceDraft = typeof SilenceDraft.Type

/** There is no silence of this id that could be ended. */
export class NoSuchSilence extends Schema.TaggedError<NoSuchSilence>()("NoSuchSilence", { id: Schema.String }, { httpApiStatus: 404 }) {
  override get message() {
    return `no silence ${this.id} stands`
  }
}

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
