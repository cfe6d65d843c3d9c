/**
 * A report as a page that stands alone: no scripts, nothing loaded from elsewhere, and fit for paper. Whatever comes out of the log is escaped: a comment may
 * hold anything.
 */
import { DateTime } from "effect"
import type { Report } from "./Report.ts"

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" }
const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => escapes[character]!)

/** `2026-11-03 14:05:09`, UTC. */
const when = (time: number | null, absent = "–"): string =>
  time === null
    ? absent
    : DateTime.formatIso(DateTime.makeUnsafe(Math.round(time)))
        .slice(0, 19)
        .replace("T", " ")

const lasting = (seconds: number): string => {
  if (seconds < 120) return `${Math.round(seconds)} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return `${(seconds / 3600).toFixed(1)} h`
}

/** Rows of a part that are shown on the page; the JSON has all. */
const rowsMax = 2000

const table = (columns: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>, none: string): string =>
  rows.length === 0
    ? `<p class="none">${escape(none)}</p>`
    : `<table><thead><tr>${columns.map((column) => `<th>${escape(column)}</th>`).join("")}</tr></thead><tbody>${rows
        .slice(0, rowsMax)
        .map(
          (row) =>
            `<tr>${row.map((cell) => `<td${/\S{30}/.test(cell) ? ' class="long"' : ""}>${escape(cell).replaceAll("\n", "<br>")}</td>`).join("")}</tr>`
        )
        .join("\n")}</tbody></table>${rows.length > rowsMax ? `<p class="none">and ${rows.length - rowsMax} more, in the JSON</p>` : ""}`

const part = (title: string, body: string, note = ""): string =>
  `<section><h2>${escape(title)}</h2>${note === "" ? "" : `<p>${escape(note)}</p>`}${body}</section>`

const style = `:root{color-scheme:light}body{font:14px/1.45 system-ui,sans-serif;color:#1a1a1a;max-width:1100px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin:0}h2{font-size:1.1rem;margin:1.6rem 0 .4rem;border-bottom:2px solid #1a1a1a}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.25rem .5rem;border-bottom:1px solid #ccc}.long{overflow-wrap:anywhere}
th{font-weight:600;background:#f2f2f2}td{font-variant-numeric:tabular-nums}.none{color:#666}.bad{color:#a00;font-weight:600}.sum{display:flex;flex-wrap:wrap;gap:1.5rem;margin:1rem 0}
.sum div{min-width:7rem}.sum b{display:block;font-size:1.5rem}code{font-size:.85em;overflow-wrap:anywhere}
@media print{body{margin:0;max-width:none;font-size:10px}section{break-inside:auto}tr{break-inside:avoid}thead{display:table-header-group}}`

/** Each row of a made-up market says so. */
const mark = (simulated: boolean): string => (simulated ? "simulated: " : "")

const alertRows = ({ alerts }: Report) =>
  alerts.map(({ acknowledged, closedReason, endsAt, fingerprint, labels, levels, notified, simulated, startsAt }) => [
    `${mark(simulated)}${labels["alertname"] ?? ""} ${labels["coin"] ?? ""}\n${fingerprint}`,
    when(startsAt),
    `${when(endsAt, "still open")}${closedReason === null ? "" : `\nclosed: ${closedReason}`}`,
    levels.map(({ at, level }) => `${when(at)} ${level}`).join("\n"),
    notified.map(({ at, receivers, why }) => `${when(at)} ${why}: ${receivers.join(", ")}`).join("\n") || "nobody",
    acknowledged
      .map(({ afterSeconds, by, comment }) => `${by} after ${lasting(afterSeconds)}${comment === "" ? "" : `: ${comment}`}`)
      .join("\n") || "nobody"
  ])

const auditBody = ({ audit, heads, log, position, removed }: Report): string =>
  [
    audit.holds
      ? "<p>Every hash chain holds, and ends where its seal says.</p>"
      : `<p class="bad">The log does not hold: ${escape(audit.problem ?? "see the seals")}</p>`,
    ...removed.map(
      ({ facts, family, keptSince }) =>
        `<p class="bad">${escape(`Of the family ${family}, retention has removed the first ${facts} facts; what is left begins ${when(keptSince, "after this month")}.`)}</p>`
    ),
    table(
      ["family", "facts by the month's end", "hash of the last one", "seal"],
      heads.map(({ family, hash, length }) => [
        family,
        String(length),
        hash,
        audit.seals.find((seal) => seal.family === family)?.verdict ?? "none"
      ]),
      "The log had no facts."
    ),
    `<p>Log <code>${escape(log)}</code>, up to position ${position}.</p>`
  ].join("\n")

export const reportHtml = (report: Report): string => {
  const { actions, alerts, counts, covers, levels, models, month, runs, settings, stale } = report
  const acknowledged = alerts.filter((alert) => alert.acknowledged.length > 0).length
  const figures: ReadonlyArray<readonly [string, number]> = [
    ["alerts", alerts.length],
    ["acknowledged", acknowledged],
    ["actions of people", actions.length],
    ["runs of the engine", runs.length],
    ["runs without an end", runs.filter(({ end }) => end === "missing").length],
    ["times without a price", stale.length],
    ["changes of settings", settings.length]
  ]
  const cut = [
    ...(report.beyondBound > 0 ? [`${report.beyondBound} facts are beyond the bound and only counted.`] : []),
    ...(report.unreadable > 0 ? [`${report.unreadable} facts could not be understood and are only counted.`] : [])
  ]
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Evenkeel, ${escape(month)}</title><style>${style}</style></head><body>
<h1>Evenkeel: report for ${escape(month)}</h1>
<p>From ${when(report.from)} until ${when(report.until)}, UTC. All times are in UTC.</p>
${[runs, alerts, stale, levels, covers].flat().some(({ simulated }) => simulated) ? `<p class="bad">Some of these facts are of a simulated market: their rows say so.</p>` : ""}
${cut.map((line) => `<p class="bad">${escape(line)}</p>`).join("\n")}
<div class="sum">${figures.map(([what, figure]) => `<div><b>${figure}</b>${escape(what)}</div>`).join("")}</div>
${part("The log", auditBody(report))}
${part("Alerts", table(["alert", "began", "ended", "levels", "told", "acknowledged"], alertRows(report), "No alert fired."), "Told: what was promised to which receivers. That it arrived is not in the log.")}
${part(
  "What people did",
  table(
    ["when", "what", "who", "why"],
    actions.map(({ at, what, who, why }) => [when(at), what, who, why]),
    "Nobody did anything."
  )
)}
${part(
  "Runs of the engine",
  table(
    ["engine", "began", "ended", "how", "run"],
    runs.map(({ end, engine, run, simulated, startedAt, stoppedAt }) => [
      `${mark(simulated)}${engine}`,
      when(startedAt, "before the log"),
      when(stoppedAt),
      { stopped: "stopped", missing: "no end in the log: killed, or it ran on beside the next", running: "ran on, or no end is known" }[
        end
      ],
      run
    ]),
    "No engine ran."
  )
)}
${part(
  "Times without a fresh price",
  table(
    ["coin", "from", "until"],
    stale.map(({ coin, from, simulated, until }) => [`${mark(simulated)}${coin}`, when(from, "before the log"), when(until, "still")]),
    "Each coin had fresh prices throughout, as far as the log says."
  ),
  "Venues that were down are not facts of the log; a coin that no venue could price is."
)}
${part(
  "Levels",
  table(
    ["coin", "changes to each level", "lowest value at a change", "when"],
    levels.map(({ changes, coin, lowestAt, lowestValue, simulated }) => [
      `${mark(simulated)}${coin}`,
      Object.entries(changes)
        .map(([level, count]) => `${level} ${count}`)
        .join(", "),
      lowestValue === null ? "–" : lowestValue.toFixed(5),
      when(lowestAt)
    ]),
    "No level changed."
  )
)}
${part(
  "Settings",
  table(
    ["when", "engine", "what", "why", "changes"],
    settings.map(({ at, changes, engine, what, why }) => [
      when(at),
      engine,
      what,
      why,
      changes.map(({ from, setting, to }) => `${setting}: ${from} → ${to}`).join("\n")
    ]),
    "No setting changed."
  ),
  "Secrets are never shown."
)}
${part(
  "Models",
  table(
    ["when", "what", "version", "detail"],
    models.map(({ at, detail, version, what }) => [when(at), what, String(version), detail]),
    "No model changed."
  ),
  report.championBefore === null
    ? "Which model served when the month began is not in the log."
    : `Version ${report.championBefore} served when the month began.`
)}
${part(
  "Covers",
  table(
    ["when", "terms", "what", "detail"],
    covers.map(({ at, detail, name, simulated, what }) => [when(at), `${mark(simulated)}${name}`, what, detail]),
    "Nothing happened to a cover."
  ),
  "Readings are proved by `evenkeel evidence`."
)}
${part(
  "Every fact of the month, by kind",
  table(
    ["family", "kind", "facts"],
    counts.map(({ facts, family, kind }) => [family, kind, String(facts)]),
    "None."
  )
)}
</body></html>
`
}
