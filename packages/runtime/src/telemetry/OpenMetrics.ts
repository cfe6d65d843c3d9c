/**
 * Metrics in OpenMetrics' text form (version 1.0, prometheus.io/docs/specs/om/open_metrics_spec), which Effect's Prometheus format is not: only here may a
 * histogram's bucket name a trace that fell into it, its exemplar.
 */
import type { Metric } from "effect"

/** One measurement, and the trace in which it was made. */
export interface Exemplar {
  readonly value: number
  readonly traceId: string
  readonly spanId: string
  /** Unix ms. */
  readonly time: number
}

/** A histogram that is kept outside of Effect's metrics, as it is now. */
export interface ShownHistogram {
  /** Without `_bucket`; its unit last. Histograms of one name stand beside each other, with different labels. */
  readonly name: string
  readonly description: string
  readonly labels: Readonly<Record<string, string>>
  /** Rising bounds; each counts what is no larger, the ones before included. The one without a bound is `count`. */
  readonly buckets: ReadonlyArray<{ readonly upTo: number; readonly count: number; readonly exemplar?: Exemplar }>
  readonly sum: number
  readonly count: number
  /** Of what is larger than all bounds. */
  readonly exemplar?: Exemplar
}

export const openMetricsType = "application/openmetrics-text; version=1.0.0; charset=utf-8"

const textPlain = /^text\/(plain|\*)$/

/** Whether the `Accept` header likes OpenMetrics at least as well as plain text. */
export const prefersOpenMetrics = (accept: string | undefined): boolean => {
  const weights = (accept ?? "").split(",").map((part) => {
    const [type = "", ...parameters] = part.split(";").map((each) => each.trim().toLowerCase())
    const weight = Number(parameters.find((each) => each.startsWith("q="))?.slice(2) ?? 1)
    return { type, weight: Number.isFinite(weight) ? weight : 0 }
  })
  const best = (matches: (type: string) => boolean) =>
    Math.max(0, ...weights.filter(({ type }) => matches(type)).map(({ weight }) => weight))
  const own = best((type) => type === "application/openmetrics-text")
  return own > 0 && own >= best((type) => textPlain.test(type))
}

const escaped = (text: string) => text.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n")
const number = (value: number | bigint): string => (value === Infinity ? "+Inf" : value === -Infinity ? "-Inf" : String(value))
/** Bounds are floating-point numbers also where they are whole. */
const bound = (value: number): string => (Number.isInteger(value) && Math.abs(value) < 1e15 ? value.toFixed(1) : number(value))

const labelled = (labels: Readonly<Record<string, string>>): string => {
  const texts = Object.entries(labels).map(([name, value]) => `${name.replace(/[^a-zA-Z0-9_]/g, "_")}="${escaped(value)}"`)
  return texts.length === 0 ? "" : `{${texts.join(",")}}`
}

const exemplarText = (exemplar: Exemplar | undefined, above: number, upTo: number): string =>
  exemplar === undefined || !(exemplar.value > above) || exemplar.value > upTo
    ? ""
    : ` # ${labelled({ trace_id: exemplar.traceId, span_id: exemplar.spanId })} ${number(exemplar.value)} ${(exemplar.time / 1000).toFixed(3)}`

const histogramLines = ({ buckets, count, exemplar, labels, name, sum }: ShownHistogram, withExemplars: boolean): ReadonlyArray<string> => {
  const last = buckets.at(-1)?.upTo ?? -Infinity
  return [
    ...buckets.map(({ count: below, exemplar: own, upTo }, index) => {
      const text = withExemplars ? exemplarText(own, buckets[index - 1]?.upTo ?? -Infinity, upTo) : ""
      return `${name}_bucket${labelled({ ...labels, le: bound(upTo) })} ${below}${text}`
    }),
    `${name}_bucket${labelled({ ...labels, le: "+Inf" })} ${count}${withExemplars ? exemplarText(exemplar, last, Infinity) : ""}`,
    `${name}_sum${labelled(labels)} ${number(sum)}`,
    `${name}_count${labelled(labels)} ${count}`
  ]
}

const head = (name: string, type: string, description: string | undefined): ReadonlyArray<string> => [
  `# TYPE ${name} ${type}`,
  ...(description === undefined ? [] : [`# HELP ${name} ${escaped(description)}`])
]

const histogramFamilies = (histograms: ReadonlyArray<ShownHistogram>, withExemplars: boolean): ReadonlyArray<string> =>
  [...Map.groupBy(histograms, ({ name }) => name).values()].flatMap((family) => [
    ...head(family[0]!.name, "histogram", family[0]!.description),
    ...family.flatMap((histogram) => histogramLines(histogram, withExemplars))
  ])

/** The same histograms in Prometheus' own text format, which has no exemplars. */
export const prometheusHistograms = (histograms: ReadonlyArray<ShownHistogram>): string =>
  histogramFamilies(histograms, false)
    .map((line) => `${line}\n`)
    .join("")

type Snapshot = Metric.Metric.Snapshot

/** A counter's family has no `_total`, its sample has. */
const familyOf = ({ id, type }: Snapshot): string => {
  const name = id.replace(/[^a-zA-Z0-9_:]/g, "_")
  return type === "Counter" || type === "Frequency" ? name.replace(/_total$/, "") : name
}

const labelsOf = ({ attributes }: Snapshot): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(attributes ?? {}).filter(([name]) => name !== "unit" && name !== "time_unit"))

const types = { Counter: "counter", Frequency: "counter", Gauge: "gauge", Histogram: "histogram", Summary: "summary" } as const

const samples = (name: string, metric: Snapshot): ReadonlyArray<string> => {
  const labels = labelsOf(metric)
  switch (metric.type) {
    case "Counter":
      return [`${name}_total${labelled(labels)} ${number(metric.state.count)}`]
    case "Frequency":
      return [...metric.state.occurrences].map(([key, count]) => `${name}_total${labelled({ ...labels, key })} ${count}`)
    case "Gauge":
      return [`${name}${labelled(labels)} ${number(metric.state.value)}`]
    case "Histogram": {
      const { buckets, count, sum } = metric.state
      const finite = buckets.filter(([upTo]) => upTo !== Infinity).map(([upTo, below]) => ({ upTo, count: below }))
      return histogramLines({ name, description: "", labels, buckets: finite, sum, count }, true)
    }
    case "Summary":
      return [
        ...metric.state.quantiles.flatMap(([quantile, value]) =>
          value === undefined ? [] : [`${name}${labelled({ ...labels, quantile: bound(quantile) })} ${number(value)}`]
        ),
        `${name}_sum${labelled(labels)} ${number(metric.state.sum)}`,
        `${name}_count${labelled(labels)} ${metric.state.count}`
      ]
  }
}

/** All that Effect's registry holds, and histograms of one's own. */
export const openMetricsText = (metrics: ReadonlyArray<Snapshot>, histograms: ReadonlyArray<ShownHistogram>): string => {
  const families = [...Map.groupBy(metrics, familyOf)].flatMap(([name, family]) => [
    ...head(name, types[family[0]!.type], family[0]!.description),
    ...family.flatMap((metric) => samples(name, metric))
  ])
  return [...families, ...histogramFamilies(histograms, true), "# EOF", ""].join("\n")
}
