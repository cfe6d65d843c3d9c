/**
 * What stands in `otel/` for operators asks only for what the engine has, and docs/operate.md explains all of it.
 *
 * Cheap and without Prometheus; `pnpm prometheus` asks the real one.
 */
import { assert, describe, it } from "@effect/vitest"
import { metricLabels, Metrics } from "@evenkeel/runtime/telemetry/Metrics"
import { globSync, readFileSync } from "node:fs"
import { alertRules, alertTests, dashboardNames, panelsOf } from "./prometheus/Operating.ts"
import { queryProblems } from "./prometheus/PromQl.ts"

const page = readFileSync("docs/operate.md", "utf8")
/** First cells of the table below a heading. */
const rowsBelow = (heading: string): ReadonlyArray<string> => {
  const from = page.indexOf(`\n## ${heading}\n`)
  assert.isAtLeast(from, 0, `docs/operate.md has no part "${heading}"`)
  const part = page.slice(from + 1).split("\n## ")[0]!
  return [...part.matchAll(/^\| (.+?) \|/gm)].map(([, cell]) => cell!.replace(/<[^>]+>/g, "")).slice(2)
}
const labelsOfLegend = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label!)
const labelsOfWords = (text: string) => [...text.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label!)

describe("metrics", () => {
  it.each(Object.entries(Metrics))("%s has the labels of which its description speaks", (key, { description }) => {
    const labels = metricLabels[key as keyof typeof Metrics] ?? []
    const spoken =
      /, by ([a-z_]+)(?: and ([a-z_]+))?/
        .exec(description ?? "")
        ?.slice(1)
        .filter((label) => label !== undefined) ?? []
    assert.deepStrictEqual([...labels], spoken)
  })
})

describe("queryProblems", () => {
  it.each([
    ["rate(evenkeel_nothing_total[1m])", /no metric/],
    ["rate(evenkeel_risk_level[1m])", /no counter/],
    ["deriv(evenkeel_frames_received_total[1m])", /no gauge/],
    ['evenkeel_risk_level{venue="okx"}', /no label venue/],
    ["sum by (coin) (rate(evenkeel_frames_received_total[1m]))", /groups by coin/],
    ["sum(evenkeel_frames_received_total[1m])", /range/],
    ["rate(evenkeel_frames_received_total)", /range/],
    ["rate(evenkeel_stage_seconds_bucket[1m])", /buckets are for it/],
    ["histogram_quantile(0.9, rate(evenkeel_stage_seconds_sum[1m]))", /is of buckets/],
    ["histogram_quantile(0.9, sum by (stage) (rate(evenkeel_stage_seconds_bucket[1m])))", /needs le/],
    ["vector(1)", /no metric/]
  ])("finds what is wrong in %s", (expression, problem) => {
    assert.match(queryProblems(expression).join("; "), problem)
  })

  it("finds a label that is shown and was summed away", () => {
    const query = "sum by (venue) (rate(evenkeel_frames_refused_total[1m]))"
    assert.deepStrictEqual(queryProblems(query, ["venue"]), [])
    assert.match(queryProblems(query, ["outcome"]).join("; "), /shows outcome/)
  })
})

describe.each(dashboardNames)("dashboard %s", (name) => {
  const panels = panelsOf(name)

  it.each(panels)("$title says what it means, and asks for what there is", ({ description, queries, unit }) => {
    assert.isAtLeast(description.length, 40)
    assert.isNotEmpty(unit)
    assert.isNotEmpty(queries)
    for (const { expression, legend } of queries) {
      assert.deepStrictEqual(queryProblems(expression, labelsOfLegend(legend)), [], expression)
      // Without it several engines would be drawn as one.
      assert.include(expression, 'instance=~"$instance"')
    }
  })

  it("is explained panel by panel, in its order", () => {
    assert.deepStrictEqual(
      rowsBelow(`Dashboard: ${name}`),
      panels.map(({ title }) => title)
    )
  })

  it("has its panels beside and below each other", () => {
    assert.strictEqual(new Set(panels.map(({ id }) => id)).size, panels.length)
    const cells = panels.flatMap(({ place }) =>
      Array.from({ length: place.w * place.h }, (_, cell) => `${place.x + (cell % place.w)}:${place.y + Math.floor(cell / place.w)}`)
    )
    assert.strictEqual(new Set(cells).size, cells.length)
    for (const { place } of panels) assert.isAtMost(place.x + place.w, 24)
  })
})

describe("alerts of Prometheus", () => {
  it.each(alertRules)("$alert asks for what there is, and says what it means", ({ alert, annotations, expr }) => {
    assert.deepStrictEqual(queryProblems(expr, labelsOfWords(Object.values(annotations).join(" "))), [])
    assert.strictEqual(annotations.runbook_url, `docs/operate.md#${alert.toLowerCase()}`)
    assert.include(page, `<a id="${alert.toLowerCase()}"></a>${alert} `)
  })

  it("stand in docs/operate.md, in their order, with severity and patience", () => {
    assert.deepStrictEqual(
      rowsBelow("Alerts of Prometheus"),
      alertRules.map(({ alert }) => alert)
    )
    for (const { alert, for: patience, labels } of alertRules) {
      const after = patience === undefined ? "at once" : patience.replace("m", " min").replace(/s$/, " s")
      assert.include(page, `</a>${alert} | ${labels.severity}, ${after}`)
    }
  })

  it.each(alertRules)("$alert has a test in which it fires, and does not before", ({ alert }) => {
    const tested = alertTests.filter(({ alertname }) => alertname === alert)
    assert.isTrue(tested.some(({ exp_alerts }) => exp_alerts.length > 0))
    assert.isTrue(tested.some(({ exp_alerts }) => exp_alerts.length === 0))
  })
})

describe("docs/README.md", () => {
  it("lists every page, once, and nothing else of docs/", () => {
    const listed = [...readFileSync("docs/README.md", "utf8").matchAll(/\]\(([\w-]+\.md)\)/g)].map(([, name]) => name!)
    const pages = globSync("*.md", { cwd: "docs" }).filter((name) => name !== "README.md")
    assert.sameMembers(listed, pages)
    assert.include(readFileSync("README.md", "utf8"), "(docs/README.md)")
  })
})
