/**
 * What rules see: the latest readings of every source that publishes some.
 *
 * A source publishes all that it knows at once, and what it leaves out is gone. A reading without a number is of something that exists and cannot be
 * seen at the moment, such as a coin without a fresh price: it neither fires a rule nor clears one.
 */
import { type Labels, LabelValue } from "@evenkeel/domain/alert/Labels"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { monotonicMillis } from "@evenkeel/runtime/time/Monotonic"
import { Context, Effect, Layer, Schema } from "effect"
import { type SignalName, signals } from "./Signal.ts"

export interface Reading {
  readonly signal: SignalName
  /** Exactly those that the signal has. */
  readonly labels: Labels
  /** In the signal's unit; null where it is not known at the moment. */
  readonly value: number | null
}

/** Sources, and readings of each; what is beyond is not taken, counted, and said in health. */
const sourcesMax = 100
const readingsMax = 5000
/** What a source said last is not known any more when it has said nothing for so long. */
const freshMillis = 60_000
const component = "rule-signals"

export class Signals extends Context.Service<
  Signals,
  {
    /** Replaces what `source` published before. Readings that are none are refused, one by one, and counted. */
    readonly publish: (source: string, readings: ReadonlyArray<Reading>) => Effect.Effect<void>
    readonly readings: Effect.Effect<ReadonlyArray<Reading>>
  }
>()("@evenkeel/alerting/rule/Signals") {
  static readonly layer = Layer.effect(
    Signals,
    Effect.gen(function* () {
      const health = yield* HealthRegistry
      const published = new Map<string, { readonly at: number; readonly readings: ReadonlyArray<Reading> }>()
      let refused = 0
      let said = 0
      yield* health.gauge(component, "refused", () => refused)
      yield* health.report(component, "running")
      return Signals.of({
        publish: Effect.fnUntraced(function* (source, readings) {
          const taken = published.has(source) || published.size < sourcesMax ? readings.filter(isReading).slice(0, readingsMax) : []
          refused += readings.length - taken.length
          if (taken.length > 0 || published.has(source)) published.set(source, { at: yield* monotonicMillis, readings: taken })
          if (refused === said) return
          if (said === 0) yield* Effect.logWarning("readings for rules are refused", { source, refused })
          said = refused
          yield* health.report(component, "degraded", `${refused} readings were refused, the last of ${source}`)
        }),
        readings: Effect.map(monotonicMillis, (now) =>
          [...published.values()].flatMap(({ at, readings }) =>
            now - at < freshMillis ? readings : readings.map((reading) => ({ ...reading, value: null }))
          )
        )
      })
    })
  )
}

const isLabelValue = Schema.is(LabelValue)

/** Whoever publishes may be a stranger to these types. */
const isReading = ({ labels, signal, value }: Reading): boolean => {
  const known: { readonly labels: ReadonlyArray<string> } | undefined = Object.hasOwn(signals, signal) ? signals[signal] : undefined
  if (known === undefined || !(value === null || Number.isFinite(value))) return false
  const names = Object.keys(labels)
  return names.length === known.labels.length && known.labels.every((name) => isLabelValue(labels[name]) && labels[name] !== "")
}
