/** Renders an evaluation as one HTML page of charts and tables, without scripts and without anything loaded from elsewhere. */
import { day, hour } from "@evenkeel/replay/referee/Onsets"
import { DateTime } from "effect"
import { Chart, escaped, ticksOf } from "./Chart.ts"
import { isAboutCoin, isOracle, type Market } from "@evenkeel/replay/price/Markets"
import type { MarketEvent } from "../training/Events.ts"
import type { Evaluation, FileReport } from "./Evaluate.ts"
import type { HorizonReport } from "./Horizons.ts"
import { timeAt } from "./Judging.ts"
import type { Summary } from "./Summary.ts"

const pointsMax = 700
const clock = (time: number): string =>
  DateTime.formatIso(DateTime.makeUnsafe(Math.round(time)))
    .slice(5, 16)
    .replace("T", " ")
const date = (time: number): string =>
  DateTime.formatIso(DateTime.makeUnsafe(Math.round(time)))
    .slice(0, 16)
    .replace("T", " ")
const figure = (value: number | null | undefined, digits = 3): string =>
  value === null || value === undefined || Number.isNaN(value) ? "–" : value.toFixed(digits)

/** Colours of venues' lines, in the order of the market's files. */
const venueColors = ["#0b5cad", "#c83232", "#2e8b57", "#e8833a", "#7b4fa3", "#008b9a", "#b8860b", "#5a6472"]
const venuesMax = venueColors.length

const style = `
:root{color-scheme:light;--ink:#1b2430;--soft:#6a7686;--line:#dde3ea;--value:#0b5cad;--band:#0b5cad22;--watch:#f2c14e33;--warning:#e8833a55;--critical:#c8323266}
body{font:14px/1.45 system-ui,sans-serif;color:var(--ink);margin:0 auto;max-width:1000px;padding:24px;background:#fff}
h1{font-size:24px;margin:0 0 4px}h2{font-size:18px;margin:32px 0 8px;border-bottom:1px solid var(--line);padding-bottom:4px}h3{font-size:14px;margin:20px 0 4px}
p{margin:4px 0;color:var(--soft)}table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:8px 0}th{text-align:left;font-weight:600;color:var(--soft)}
td,th{padding:3px 10px 3px 0;border-bottom:1px solid var(--line);vertical-align:top}td.n,th.n{text-align:right}
.row{display:flex;flex-wrap:wrap;gap:12px}.scroll{overflow-x:auto}svg{max-width:100%;height:auto}
.value{fill:none;stroke:var(--value);stroke-width:1.3}.band{fill:var(--band)}.price{fill:none;stroke:#8a97a8;stroke-width:.8}
.watch{fill:var(--watch)}.warning{fill:var(--warning)}.critical{fill:var(--critical)}.onset{stroke:var(--ink);stroke-dasharray:3 3}
.level{stroke:#b8c2ce;stroke-dasharray:2 4;fill:none}.grid{stroke:var(--line)}.tick{font-size:10px;fill:var(--soft)}.word{font-size:10px;fill:var(--ink)}
.model{fill:none;stroke:var(--value);stroke-width:1.8}.dot{fill:var(--value)}.even{fill:none;stroke:#b8c2ce;stroke-dasharray:4 4}.base{fill:none;stroke:#c8323299;stroke-dasharray:5 3}
.venue{fill:none;stroke-width:1}${venueColors.map((color, index) => `.v${index}{stroke:${color}}`).join("")}
.key i{display:inline-block;width:14px;height:10px;margin:0 4px 0 14px;vertical-align:-1px}
`

const eventChart = ({ changes, file, track, verdict }: FileReport, event: FileReport["events"][number]): string => {
  const from = event.onset - day
  const to = Math.min(event.end + 12 * hour, event.onset + 4 * day)
  const rows = Array.from(track.times.keys()).filter((row) => track.times[row]! >= from && track.times[row]! <= to)
  const every = Math.max(1, Math.ceil(rows.length / pointsMax))
  const kept = rows.filter((_, index) => index % every === 0)
  const times = kept.map((row) => track.times[row]!)
  const value = kept.map((row) => track.deviationsBps[row]!)
  const error = kept.map((row) => track.errorsBps[row]!)
  const prices = Array.from(verdict.series.times.keys()).filter(
    (row) => verdict.series.times[row]! >= from && verdict.series.times[row]! <= to
  )
  const priceStep = Math.max(1, Math.ceil(prices.length / pointsMax))
  const keptPrices = prices.filter((_, index) => index % priceStep === 0)
  const sizes = [...value, -60, 60]
  const y = { from: Math.min(...sizes) * 1.08, to: Math.max(...sizes) * 1.08 }
  const chart = new Chart({ from, to }, y, { width: 940, height: 250 })
  chart.yTicks(ticksOf(y, 6), (tick) => `${tick}`)
  const until = track.times.at(-1) ?? to
  for (const level of ["watch", "warning", "critical"] as const) {
    for (const span of timeAt(changes, level, until)) {
      if (span.to > from && span.from < to) chart.span(span.from, span.to, level, `${level} from ${clock(span.from)}`)
    }
  }
  for (const edge of [-50, 50]) chart.line([from, to], [edge, edge], "level")
  chart.line(
    keptPrices.map((row) => verdict.series.times[row]! + verdict.series.stepMillis),
    keptPrices.map((row) => verdict.series.deviationsBps[row]!),
    "price"
  )
  chart.band(
    times,
    value.map((each, index) => each - 2 * error[index]!),
    value.map((each, index) => each + 2 * error[index]!),
    "band"
  )
  chart.line(times, value, "value")
  chart.mark(event.onset, "onset", "onset")
  const steps = Array.from({ length: 7 }, (_, index) => from + ((to - from) * (index + 0.5)) / 7)
  chart.xTicks(steps, clock)
  const lead = (time: number | null) => (time === null ? "never" : `${Math.round((event.onset - time) / 60_000)} min`)
  return `<h3>${escaped(file.instrument.base)}: ${event.kind} of ${date(event.onset)} UTC, worst ${event.worstBps.toFixed(0)} bps <span style="font-weight:400;color:var(--soft)">${escaped(file.file)}</span></h3>
<p>lead before the onset: watch ${lead(event.reached.watch)}, warning ${lead(event.reached.warning)}, critical ${lead(event.reached.critical)}${
    event.warningByPrice === event.reached.warning ? "" : `; warning by price alone ${lead(event.warningByPrice)}`
  }</p><div class="scroll">${chart.svg(`fair value of ${file.instrument.base} around ${clock(event.onset)}`)}</div>`
}

const reliabilityChart = (name: string, { model, reliability }: HorizonReport): string => {
  const chart = new Chart({ from: 0, to: 1 }, { from: 0, to: 1 }, { width: 300, height: 240 })
  chart.yTicks([0, 0.25, 0.5, 0.75, 1]).xTicks([0, 0.5, 1], String)
  chart.line([0, 1], [0, 1], "even")
  const claimed = reliability.map((bin) => bin.claimed)
  const happened = reliability.map((bin) => bin.happened)
  chart.line(claimed, happened, "model").dots(claimed, happened, "dot")
  return `<div><h3>${escaped(name)}</h3><p>calibration error ${figure(model?.calibrationError.value)}</p>${chart.svg(`calibration, ${name}`)}</div>`
}

const precisionChart = (name: string, { model, precisionRecall }: HorizonReport): string => {
  const chart = new Chart({ from: 0, to: 1 }, { from: 0, to: 1 }, { width: 300, height: 240 })
  chart.yTicks([0, 0.25, 0.5, 0.75, 1]).xTicks([0, 0.5, 1], String)
  const base = model?.baseRate ?? 0
  chart.line([0, 1], [base, base], "base")
  chart.line(
    precisionRecall.map(({ recall }) => recall),
    precisionRecall.map(({ precision }) => precision),
    "model"
  )
  return `<div><h3>${escaped(name)}</h3><p>average precision ${figure(model?.averagePrecision.value)}, base rate ${figure(base, 5)}</p>${chart.svg(`precision over recall, ${name}`)}</div>`
}

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string | number>>): string =>
  `<div class="scroll"><table><tr>${head.map((cell, column) => `<th${typeof rows[0]?.[column] === "number" ? ' class="n"' : ""}>${escaped(cell)}</th>`).join("")}</tr>${rows
    .map(
      (row) => `<tr>${row.map((cell) => `<td${typeof cell === "number" ? ' class="n"' : ""}>${escaped(String(cell))}</td>`).join("")}</tr>`
    )
    .join("")}</table></div>`

const horizonRows = (horizons: Evaluation["horizons"]) =>
  Object.entries(horizons).flatMap(([label, byHorizon]) =>
    Object.entries(byHorizon).flatMap(([horizon, { baselines, model }]) => {
      if (model === null) return []
      const ranked = Object.entries(baselines).sort((a, b) => (b[1].averagePrecision || 0) - (a[1].averagePrecision || 0))
      const interval = ({ high, low, value }: { readonly value: number; readonly low: number; readonly high: number }) =>
        `${figure(value)} (${figure(low)} to ${figure(high)})`
      return [
        [
          label,
          horizon,
          model.positives,
          figure(model.baseRate, 5),
          interval(model.averagePrecision),
          interval(model.averagePrecisionEqual),
          interval(model.rocAuc),
          interval(model.brierSkill),
          interval(model.calibrationError),
          ranked
            .slice(0, 4)
            .map(([name, { averagePrecision }]) => `${name} ${figure(averagePrecision)}`)
            .join(", ")
        ]
      ]
    })
  )

/** Each file's own price around an event, against the peg of its quote: what each venue said by itself. */
const venueChart = (market: Market, event: MarketEvent): string => {
  const [from, to] = [event.from - day, event.to + 2 * day]
  const lines = market.files.filter(isAboutCoin).flatMap((file) => {
    const rows = Array.from(file.times.keys()).filter((row) => file.times[row]! >= from && file.times[row]! <= to)
    const every = Math.max(1, Math.ceil(rows.length / pointsMax))
    const kept = rows.filter((_, index) => index % every === 0)
    const { base, quote, venue } = file.instrument
    const name = `${venue} ${base}/${quote}`
    return kept.length < 2
      ? []
      : [{ name, times: kept.map((row) => file.times[row]!), bps: kept.map((row) => (file.prices[row]! - 1) * 1e4) }]
  })
  const shown = lines.slice(0, venuesMax)
  if (shown.length < 2) return ""
  const sizes = [...shown.flatMap(({ bps }) => bps), -60, 60]
  const y = { from: Math.max(-10_000, Math.min(...sizes) * 1.08), to: Math.min(2000, Math.max(...sizes) * 1.08) }
  const chart = new Chart({ from, to }, y, { width: 940, height: 250 })
  chart.yTicks(ticksOf(y, 6), (tick) => `${tick}`)
  for (const edge of [-50, 50]) chart.line([from, to], [edge, edge], "level")
  for (const [index, { bps, times }] of shown.entries()) chart.line(times, bps, `venue v${index}`)
  chart.mark(event.from, "onset", "onset")
  const steps = Array.from({ length: 7 }, (_, index) => from + ((to - from) * (index + 0.5)) / 7)
  chart.xTicks(steps, clock)
  const key = shown.map(({ name }, index) => `<i style="background:${venueColors[index]!}"></i>${escaped(name)}`).join("")
  return `<h3>${escaped(market.name)}, ${date(event.from)}</h3><p class="key">${key}</p>${chart.svg(`${market.name} by venue, bps from the peg`)}`
}

/** The same figures judged in other ways, where models were trained to judge. */
const trainingSections = ({ training }: Evaluation, tableOf: (rows: Evaluation["horizons"]) => string): string =>
  training === undefined
    ? ""
    : `<h2>Had the recipe been chosen by all events</h2><p>Above, each fold chose its recipe without the event that judges it. Here ${escaped(training.recipe)} was chosen once, by all of them: what is better here flatters.</p>${tableOf(training.naive)}${
        training.walkForward === undefined
          ? ""
          : `<h2>Walking forward</h2><p>The same by models that had seen nothing of the event's time, nor of anything later; the first event has none.</p>${tableOf(training.walkForward)}`
      }`

export const reportPage = (evaluation: Evaluation, { blame, calm }: Summary): string => {
  const { files, horizons, horizonsByEvent, judge } = evaluation
  const charted = files
    .filter(({ file }) => !isOracle(file))
    .flatMap((report) => report.events.slice(0, 6).map((event) => [report, event] as const))
  const each = (of: (name: string, report: HorizonReport) => string) =>
    Object.entries(horizons).flatMap(([label, byHorizon]) =>
      Object.entries(byHorizon).flatMap(([horizon, report]) => (report.model === null ? [] : [of(`${label}, ${horizon}`, report)]))
    )
  const head = [
    "label",
    "horizon",
    "positives",
    "base rate",
    "average precision",
    "every event alike",
    "ROC AUC",
    "Brier skill",
    "calibration error",
    "best others by average precision"
  ]
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Evenkeel: evaluation</title><style>${style}</style>
<h1>Evaluation</h1><p>${escaped(evaluation.directory)}: ${files.length} files of stablecoins. Probabilities: ${escaped(judge)}.</p>
<h2>Calm</h2>${table(
    ["resolution", "coin-months", "false warnings", "away from any stress", "false criticals", "time above normal"],
    [["all but oracles and coins that are hardly pegged", calm] as const, ...Object.entries(calm.byResolution)].map(([name, row]) => [
      name,
      row.coinMonths ?? 0,
      row.warnings.strict,
      row.warnings.lenient,
      row.criticals,
      `${figure(100 * (row.aboveNormalShare ?? 0))}%`
    ])
  )}
<h2>Breaks</h2><p class="key">deviation from the peg, bps:<i style="background:#0b5cad"></i>fair value with twice its error<i style="background:#8a97a8"></i>the file's price<i style="background:#f2c14e88"></i>watch<i style="background:#e8833a99"></i>warning<i style="background:#c8323299"></i>critical</p>
${charted.map(([report, event]) => eventChart(report, event)).join("")}
<h2>Whom it blamed</h2><p>All pairs of a market, seen at once. Times are those at which a level was first reached.</p>${table(
    ["market", "event", "coin", "kind", "level", "share of belief", "watch", "warning", "critical", "by venue", "farthest, bps", "why"],
    blame.map((row) => [
      row.market,
      row.from?.slice(0, 16) ?? "",
      row.coin,
      row.kind,
      row.level,
      row.share === null ? "" : `${Math.round(row.share * 100)}%`,
      row.reached["watch"]?.slice(0, 16) ?? "",
      row.reached["warning"]?.slice(0, 16) ?? "",
      row.reached["critical"]?.slice(0, 16) ?? "",
      row.venues
        .map(
          ({ reached, venue }) =>
            `${venue}: warning ${reached["warning"]?.slice(5, 16) ?? "-"}, critical ${reached["critical"]?.slice(5, 16) ?? "-"}`
        )
        .join("; "),
      row.worstBps ?? 0,
      row.reason
    ])
  )}
<h2>By venue</h2><p>What each venue said by itself, bps from the peg of the pair's other coin.</p>${evaluation.markets
    .flatMap((market) => evaluation.events.map((event) => venueChart(market, event)))
    .join("")}
<h2>Probabilities</h2><p>All events together; in brackets the 5th and 95th percentile over draws of whole events.</p>${table(head, horizonRows(horizons))}
${trainingSections(evaluation, (rows) => table(head, horizonRows(rows)))}
<h2>Calibration</h2><p>What was claimed (across) and what happened (up).</p><div class="row">${each(reliabilityChart).join("")}</div>
<h2>Precision over recall</h2><p>The dashed line is the base rate.</p><div class="row">${each(precisionChart).join("")}</div>
<h2>Event by event</h2>${horizonsByEvent
    .map(
      ({ all, event, others }) =>
        `<h3>${date(event.from)} to ${date(event.to)}: ${escaped(event.coins.join(", "))}</h3>${table(head, horizonRows(all))}${
          others === undefined
            ? ""
            : `<p>the market's other coins, without ${escaped(others.without)}</p>${table(head, horizonRows(others.horizons))}`
        }`
    )
    .join("")}
</html>`
}
