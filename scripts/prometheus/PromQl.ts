/**
 * Reads as much of a PromQL expression as tells whether it can mean what it says: every metric and label is one that the engine has, rates are taken
 * of counters alone and quantiles of histograms' buckets alone.
 *
 * Whether it is PromQL at all is asked of Prometheus itself, see `pnpm prometheus`.
 */
import { Histograms, metricLabels, Metrics } from "@evenkeel/runtime/telemetry/Metrics"

interface Known {
  readonly kind: "counter" | "gauge" | "bucket"
  readonly labels: ReadonlyArray<string>
}

/** What Prometheus puts on every series of a target, and its own series about the target. */
const targetLabels = ["job", "instance"]

export const knownMetrics: ReadonlyMap<string, Known> = new Map<string, Known>([
  ["up", { kind: "gauge", labels: targetLabels }],
  ...Object.entries(Metrics).map(([key, { id, type }]) => {
    const labels = [...targetLabels, ...(metricLabels[key as keyof typeof Metrics] ?? [])]
    return [id, { kind: type === "Counter" ? "counter" : "gauge", labels }] as const
  }),
  ...Object.values(Histograms).flatMap(({ label, name }) => [
    [`${name}_bucket`, { kind: "bucket", labels: [...targetLabels, label, "le"] }] as const,
    [`${name}_sum`, { kind: "counter", labels: [...targetLabels, label] }] as const,
    [`${name}_count`, { kind: "counter", labels: [...targetLabels, label] }] as const
  ])
])

const ofCounters = ["rate", "irate", "increase", "resets"]
const ofGauges = ["changes", "delta", "deriv", "predict_linear", "avg_over_time", "min_over_time", "max_over_time", "last_over_time"]

/** Functions around `position`, the innermost first; empty for plain parentheses. */
const functionsAround = (text: string, position: number): ReadonlyArray<string> => {
  const around: Array<string> = []
  let depth = 0
  for (let at = position - 1; at >= 0; at--) {
    if (text[at] === ")") depth++
    else if (text[at] === "(" && depth-- === 0) {
      depth = 0
      around.push(/(\w*)$/.exec(text.slice(0, at))![1]!)
    }
  }
  return around
}

export interface Selected {
  readonly name: string
  readonly matched: ReadonlyArray<string>
  readonly range: boolean
  readonly around: ReadonlyArray<string>
}

/** Series that an expression asks for, with the labels that it matches them by. */
export const selectedBy = (expression: string): ReadonlyArray<Selected> =>
  [...expression.matchAll(/\b(up|(?:evenkeel|process|nodejs)_\w+)(\{[^}]*\})?(\[[^\]]+\])?/g)].map((match) => ({
    name: match[1]!,
    matched: [...(match[2] ?? "").matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label]) => label!),
    range: match[3] !== undefined,
    around: functionsAround(expression, match.index)
  }))

/** Why an expression cannot mean what it says; `shown` are labels that its legend or its words show. */
export const queryProblems = (expression: string, shown: ReadonlyArray<string> = []): ReadonlyArray<string> => {
  const selected = selectedBy(expression)
  const problems = selected.flatMap(({ around, matched, name, range }) => {
    const known = knownMetrics.get(name)
    if (known === undefined) return [`${name} is no metric`]
    const [inner = ""] = around
    return [
      ...matched.filter((label) => !known.labels.includes(label)).map((label) => `${name} has no label ${label}`),
      ...(ofCounters.includes(inner) && known.kind === "gauge" ? [`${inner}() of ${name}, which is no counter`] : []),
      ...(ofGauges.includes(inner) && known.kind !== "gauge" ? [`${inner}() of ${name}, which is no gauge`] : []),
      ...(range === (ofCounters.includes(inner) || ofGauges.includes(inner))
        ? []
        : [`${name} has a range where none is taken, or none where one is`]),
      ...((known.kind === "bucket") === around.includes("histogram_quantile")
        ? []
        : [`${name}: histogram_quantile() is of buckets, and buckets are for it`])
    ]
  })
  const labels = selected.flatMap(({ name }) => knownMetrics.get(name)?.labels ?? [])
  const grouped = [...expression.matchAll(/\b(by|on|ignoring|without|group_left|group_right)\s*\(([^)]*)\)/g)].map(([, word, list]) => ({
    word: word!,
    list: list!.split(",").map((label) => label.trim())
  }))
  const kept = grouped.filter(({ word }) => word === "by").map(({ list }) => list)
  return [
    ...(selected.length === 0 ? ["asks for no metric"] : []),
    ...problems,
    ...grouped.flatMap(({ list }) =>
      list.filter((label) => !labels.includes(label)).map((label) => `groups by ${label}, which nothing has`)
    ),
    ...(expression.includes("histogram_quantile") && kept.some((list) => !list.includes("le")) ? ["a quantile needs le"] : []),
    ...shown
      .filter((label) => !labels.includes(label) || kept.some((list) => !list.includes(label)))
      .map((label) => `shows ${label}, which is not there`)
  ]
}
