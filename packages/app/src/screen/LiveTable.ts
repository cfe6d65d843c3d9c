/**
 * The live screen: what the engine believes, how old it is and how fast, redrawn in place on a terminal.
 */
import type { CoinView } from "@evenkeel/api/contract/group/Coins"
import { EngineView } from "@evenkeel/api/server/EngineView"
import { FrameSink } from "@evenkeel/connectors/transport/FrameSink"
import { Detection } from "@evenkeel/detection/host/Detection"
import { chanceText } from "@evenkeel/domain/risk/Chance"
import type { RiskLevel } from "@evenkeel/domain/risk/RiskLevel"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { plainText } from "@evenkeel/runtime/telemetry/PlainText"
import { RecentHistogram } from "@evenkeel/runtime/telemetry/RecentHistogram"
import { Clock, DateTime, Effect } from "effect"
import { stripVTControlCharacters } from "node:util"

export interface LiveState {
  readonly title: string
  /** The engine's time, Unix ms. */
  readonly time: number
  readonly coins: ReadonlyArray<CoinView>
  readonly messagesPerSecond: number
  readonly p50Nanos: number
  readonly p99Nanos: number
  readonly ringFill: number
  readonly breakers: ReadonlyArray<{ readonly key: string; readonly state: string }>
  readonly troubled: ReadonlyArray<{ readonly component: string; readonly status: string; readonly detail: string }>
  /** Each one's lines; newest last. */
  readonly alerts: ReadonlyArray<ReadonlyArray<string>>
}

const color = (code: string, text: string) => `\u001b[${code}m${text}\u001b[0m`
const levelColors: Record<RiskLevel, string> = { normal: "32", watch: "36", warning: "33", critical: "1;31", stale: "35" }

const age = (millis: number | null): string =>
  millis === null
    ? "-"
    : millis < 10_000
      ? `${(millis / 1000).toFixed(1)}s`
      : millis < 600_000
        ? `${Math.round(millis / 1000)}s`
        : `${Math.round(millis / 60_000)}m`

/** Within a break the model gives the chance that it still stands then. */
const legend = "! stale book   ≠ differs, bps   P(1 h) chance of a break, in one that it lasts"

/** Headlines take so many lines at most. */
const headlinesShown = 3

const duration = (nanos: number): string =>
  !Number.isFinite(nanos)
    ? "-"
    : nanos < 1e6
      ? `${(nanos / 1e3).toFixed(1)} µs`
      : nanos < 1e9
        ? `${(nanos / 1e6).toFixed(1)} ms`
        : `${(nanos / 1e9).toFixed(1)} s`

const escape = "\u001b"
/** A colour's code, or a character. */
const pieces = new RegExp(`(${escape}\\[[0-9;]*m)|[^]`, "g")

/** A line of at most so many characters that can be seen; colours stay. */
const cut = (line: string, columns: number): string => {
  if (stripVTControlCharacters(line).length <= columns) return line
  let seen = 0
  return line.replace(pieces, (character, code: string | undefined) =>
    code !== undefined || ++seen < columns ? character : seen === columns ? "…" : ""
  )
}

/** The line over as many lines as it needs, broken between words; those that follow are as far in as the first, and a little more. */
const wrapped = (line: string, columns: number): ReadonlyArray<string> => {
  if (stripVTControlCharacters(line).length <= columns) return [line]
  const indent = " ".repeat(line.length - line.trimStart().length + 2)
  const lines: Array<string> = []
  let current = line.slice(0, indent.length - 2)
  let isEmpty = true
  for (const word of line.trimStart().split(" ")) {
    if (!isEmpty && stripVTControlCharacters(`${current} ${word}`).length > columns) {
      lines.push(current.trimEnd())
      current = indent
      isEmpty = true
    }
    current += isEmpty ? word : ` ${word}`
    isEmpty = isEmpty && word === ""
  }
  return [...lines, current]
}

/** The newest headline of each coin that has one, newest first. */
const headlinesOf = ({ coins, time }: LiveState): ReadonlyArray<string> => {
  const newest = coins
    .flatMap(({ coin, news }) => news.slice(0, 1).map((headline) => ({ coin, ...headline })))
    .sort((a, b) => b.time - a.time)
    .slice(0, headlinesShown)
    .map(({ coin, feed, score, time: told, title }) =>
      color(
        "2",
        plainText(`news ${coin} ${score > 0 ? "+" : ""}${score.toFixed(1)}  ${title}  (${feed}, ${age(Math.max(0, time - told))} ago)`)
      )
    )
  return newest.length === 0 ? [] : ["", ...newest]
}

/** The newest alerts that have room in so many lines, whole but for the newest one. */
const alertsIn = (alerts: LiveState["alerts"], room: number): ReadonlyArray<string> => {
  const lines = (alerts.at(-1) ?? []).slice(0, Math.max(1, room))
  for (const alert of alerts.slice(0, -1).toReversed()) {
    if (alert.length + lines.length > room) break
    lines.unshift(...alert)
  }
  return lines
}

/** The screen's lines: no more than `rows` unless the table alone is longer, of at most `columns` characters. */
export const renderLive = (
  state: LiveState,
  { columns, rows }: { readonly columns: number; readonly rows: number }
): ReadonlyArray<string> => {
  const lines = [
    ...wrapped(
      `${color("1", "evenkeel")} ${state.title}  ${DateTime.formatIso(DateTime.makeUnsafe(Math.floor(state.time)))
        .replace("T", " ")
        .slice(0, 19)}Z`,
      columns
    ),
    "",
    color(
      "2",
      `${"coin".padEnd(6)}${"fair value".padStart(11)}${"± bps".padStart(8)}${"off peg".padStart(10)}${"P(1 h)".padStart(9)}  ${"level".padEnd(9)} venues (age)`
    )
  ]
  for (const coin of state.coins) {
    const sources = coin.sources
      .filter((source) => source.ageMillis !== null)
      .map((source) => {
        const own = source.ownDeviationBps === null ? "" : source.ownDeviationBps.toFixed(0)
        const marks = `${source.book === "stale" ? "!" : ""}${coin.venues.differ.includes(source.venue) ? `≠${own}` : ""}`
        return `${plainText(`${source.venue} ${source.symbol}`)} ${age(source.ageMillis)}${marks === "" ? "" : ` ${marks}`}`
      })
    const value = coin.fairValue === null ? "-" : coin.fairValue.toFixed(5)
    const error = coin.errorBps === null ? "-" : coin.errorBps.toFixed(1)
    const deviation = coin.deviationBps === null ? "-" : `${coin.deviationBps > 0 ? "+" : ""}${coin.deviationBps.toFixed(1)}`
    const probability = coin.model?.horizons.find(({ minutes }) => minutes === 60)?.probability ?? null
    const chance = probability === null ? "-" : chanceText(probability)
    const head = `${coin.coin.padEnd(6)}${value.padStart(11)}${error.padStart(8)}${deviation.padStart(10)}${chance.padStart(9)}  `
    lines.push(`${head}${color(levelColors[coin.level], coin.level.padEnd(9))} ${color("2", sources.join(", "))}`)
  }
  lines.push(...wrapped(legend, columns).map((line) => color("2", line)), ...headlinesOf(state))
  const open = state.breakers.filter(({ state: breaker }) => breaker !== "closed")
  lines.push(
    "",
    ...wrapped(
      `${Math.round(state.messagesPerSecond).toLocaleString("en")} messages/s  publish to score p50 ${duration(state.p50Nanos)} p99 ${duration(state.p99Nanos)}  ring ${(state.ringFill * 100).toFixed(1)}%  breakers ${
        open.length === 0
          ? `${state.breakers.length} closed`
          : color("31", open.map(({ key, state: breaker }) => plainText(`${key} ${breaker}`)).join(", "))
      }`,
      columns
    )
  )
  for (const { component, detail, status } of state.troubled) {
    const what = status === "running" ? component : `${component} ${status}`
    lines.push(...wrapped(plainText(`${what}: ${detail}`), columns).map((line) => color("33", line)))
  }
  // More of them than there are rows are not seen.
  const alerts = state.alerts.slice(-Math.max(1, rows)).map((alert) => alert.flatMap((line) => wrapped(line, columns)))
  lines.push("", ...alertsIn(alerts, rows - lines.length - 2))
  return lines.map((line) => cut(line, columns))
}

/** What is not well; and what a saved configuration has changed, which nobody would hear of otherwise while the screen is drawn. */
export const isSaid = ({ component, detail, status }: LiveState["troubled"][number]): boolean =>
  (status !== "running" && status !== "stopped") || (component === "configuration" && detail !== "")

/** Hides the cursor, draws in place; the terminal is as it was afterwards. */
export const runLiveTable = (options: {
  readonly title: string
  readonly clock: () => number
  readonly alerts: () => LiveState["alerts"]
  readonly output: NodeJS.WriteStream
}) =>
  Effect.gen(function* () {
    const view = yield* EngineView
    const latency = new RecentHistogram((yield* Detection).latency)
    const sink = yield* FrameSink
    const policies = yield* Policies
    const health = yield* HealthRegistry
    const { output } = options
    yield* Effect.acquireRelease(
      Effect.sync(() => output.write("\u001b[?25l\u001b[2J")),
      () => Effect.sync(() => output.write("\u001b[?25h\n"))
    )
    let before = { frames: 0, at: performance.now() }
    for (;;) {
      const frames = sink.counts.reduce((total, count) => total + count.frames, 0)
      const at = performance.now()
      const components = yield* health.snapshot
      const recent = latency.at(yield* Clock.currentTimeMillis)
      const lines = renderLive(
        {
          title: options.title,
          time: options.clock(),
          coins: view.coins(),
          messagesPerSecond: (frames - before.frames) / Math.max(0.001, (at - before.at) / 1000),
          p50Nanos: recent.quantile(0.5),
          p99Nanos: recent.quantile(0.99),
          ringFill: sink.fill(),
          breakers: yield* policies.breakers,
          troubled: components.filter(isSaid),
          alerts: options.alerts()
        },
        // A terminal that does not know its size says 0.
        { columns: output.columns || 120, rows: output.rows || 24 }
      )
      before = { frames, at }
      output.write(`\u001b[H${lines.map((line) => `${line}\u001b[K`).join("\n")}\n\u001b[J`)
      yield* Effect.sleep("500 millis")
    }
  }).pipe(Effect.scoped)
