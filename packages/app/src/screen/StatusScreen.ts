/** The engine's status as lines of text: one screen for `evenkeel status`, and the frame that `evenkeel top` redraws. */
import type { StatusView } from "@evenkeel/api/contract/group/Status"
import { plainText } from "@evenkeel/runtime/telemetry/PlainText"

export interface StatusOptions {
  readonly columns: number
  readonly rows: number
  readonly colors: boolean
  /** The last minute, or since the start. */
  readonly period: "recent" | "whole"
  /** Components that are stepped over. */
  readonly from: number
}

/** Nanoseconds in the unit that shows three digits. */
export const duration = (nanos: number | null): string => {
  if (nanos === null) return "-"
  const steps = [
    [1e3, 1, "ns"],
    [1e6, 1e3, "µs"],
    [1e9, 1e6, "ms"]
  ] as const
  const [, unit, name] = steps.find(([below]) => nanos < below) ?? [0, 1e9, "s"]
  const value = nanos / unit
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${name}`
}

const bytes = (count: number | null): string =>
  count === null ? "-" : count >= 1e9 ? `${(count / 1e9).toFixed(1)} GB` : `${Math.round(count / 1e6)} MB`

const percent = (share: number): string => `${Math.round(share * 100)}%`

const uptime = (seconds: number): string => {
  const minutes = Math.floor(seconds / 60)
  return minutes < 1 ? `${Math.floor(seconds)}s` : minutes < 60 ? `${minutes}m` : `${Math.floor(minutes / 60)}h ${minutes % 60}m`
}

/** What is in trouble first, and then by name. */
const trouble = ({ status }: StatusView["components"][number]): number => (status === "running" || status === "stopped" ? 1 : 0)

type Line = readonly [text: string, color?: string]

/** Components that have room beside the stages. */
const componentsShownMin = 5
/** Two empty lines and the components' heading. */
const headingRows = 3

/** As many as there is room for, of which the last says how many are left out. */
const bounded = (lines: ReadonlyArray<Line>, room: number): ReadonlyArray<Line> =>
  lines.length <= room ? lines : [...lines.slice(0, Math.max(0, room - 1)), [`… ${lines.length - Math.max(0, room - 1)} lines more`, "2"]]

const stageLines = (view: StatusView, period: StatusOptions["period"]): ReadonlyArray<Line> => [
  [
    `${period === "recent" ? "last minute" : "since the start"}`.padEnd(16) +
      ["count", "p50", "p95", "p99", "p99.9", "max"].map((name) => name.padStart(9)).join(""),
    "2"
  ],
  ...view.stages.map((stage): Line => {
    const { count, max, p50, p95, p99, p999 } = stage[period]
    const numbers = [String(count), ...[p50, p95, p99, p999, max].map(duration)].map((text) => text.padStart(9)).join("")
    return [plainText(`${stage.stage.padEnd(16)}${numbers}${stage.unknown === "" ? "" : `  not known: ${stage.unknown}`}`)]
  })
]

/** At most `rows` lines of `columns` characters. */
export const renderStatus = (view: StatusView, { colors, columns, from, period, rows }: StatusOptions): ReadonlyArray<string> => {
  const lines: Array<Line> = []
  const line = (text: string, color?: string) => lines.push(color === undefined ? [plainText(text)] : [plainText(text), color])
  const { engine, process } = view
  line(
    `evenkeel ${engine.version}  ${engine.name}${engine.simulated ? " (simulated)" : ""}  up ${uptime(engine.uptimeSeconds)}  pid ${engine.pid}  ${view.ready ? "ready" : "NOT READY"}`,
    view.ready ? "1;32" : "1;31"
  )
  line(
    `cpu ${percent(process.cpuShare)}  memory ${bytes(process.residentBytes)}  heap ${bytes(process.heapUsedBytes)} of ${bytes(process.heapTotalBytes)}  loop ${percent(process.loopUtilization)} busy, p99 ${process.loopDelayP99Millis.toFixed(0)} ms late`
  )
  line(
    `files ${process.openFiles ?? "-"}  threads ${process.threads ?? "-"}  disk ${bytes(process.diskFreeBytes)} free  collections ${process.collections.reduce((sum, { count }) => sum + count, 0)}`
  )
  line(view.bottleneck === null ? "nothing holds it up" : `held up by ${view.bottleneck}`, view.bottleneck === null ? "2" : "33")
  for (const { coin, why } of view.stale) line(`${coin} is stale: ${why}`, "35")
  const components = view.components.toSorted((a, b) => trouble(a) - trouble(b) || a.component.localeCompare(b.component))
  const rest: Array<Line> = []
  for (const { component, degradation, detail, restarts, status } of components.slice(from)) {
    const well = status === "running" || status === "stopped"
    const text = plainText(`${component.padEnd(28)}${status.padEnd(12)}${String(restarts).padStart(8)}  ${detail}`)
    rest.push(well ? [text] : [text, "33"])
    if (!well && degradation.lost !== "") rest.push([plainText(`  meanwhile ${degradation.lost}; still ${degradation.works}`), "33"])
  }
  const stages = stageLines(view, period)
  const free = rows - lines.length - headingRows
  // Where there is no room for all, whoever steps through the components is shown these, and the stages at the top of the list alone.
  const stagesRoom = free >= stages.length + rest.length ? stages.length : from > 0 ? 0 : free - Math.min(rest.length, componentsShownMin)
  line("")
  if (stagesRoom > 0) lines.push(...bounded(stages, stagesRoom), [""])
  line(`component`.padEnd(28) + "status".padEnd(12) + "restarts".padStart(8) + "  detail", "2")
  lines.push(...bounded(rest, rows - lines.length))
  return lines.map(([text, color]) => {
    const cut = text.length > columns ? `${text.slice(0, columns - 1)}…` : text
    return colors && color !== undefined ? `\u001b[${color}m${cut}\u001b[0m` : cut
  })
}
