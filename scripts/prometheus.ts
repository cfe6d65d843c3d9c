/**
 * `pnpm prometheus`: does what stands in `otel/` for operators work with a real Prometheus?
 *
 * promtool judges rules, their tests, the configuration and a demo's `/metrics`; then a Prometheus on a loopback port of its own reads that demo, and is
 * asked whether every metric has the labels that it should, and whether every question of dashboards and alerts can be asked. It needs Debian's package
 * `prometheus`, so it is a command of its own and no test; where that is missing it says so and ends well.
 */
import { metricLabels, Metrics } from "@evenkeel/runtime/telemetry/Metrics"
import { spawnSync } from "node:child_process"
import { globSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { userEnvironment } from "./packed/Run.ts"
import { Child, freePort, until } from "./prometheus/Child.ts"
import { alertRules, dashboardNames, panelsOf } from "./prometheus/Operating.ts"
import { knownMetrics, selectedBy } from "./prometheus/PromQl.ts"

const missing = ["promtool", "prometheus"].filter((tool) => spawnSync(tool, ["--version"]).error !== undefined)
if (missing.length > 0) {
  process.stdout.write(`skipped: ${missing.join(" and ")} not installed (Debian: apt-get install prometheus)\n`)
  process.exit(0)
}

/** What a demo without trouble has not: its books verify, every fact is handled, and it calls no heartbeat. */
const notInDemo: ReadonlyArray<string> = [
  Metrics.snapshots.id,
  Metrics.factsSetAside.id,
  Metrics.levelChangesRefused.id,
  Metrics.heartbeats.id
]

const root = resolve(import.meta.dirname, "..")
const place = mkdtempSync(join(tmpdir(), "evenkeel-prometheus-"))
const children: Array<Child> = []
const [enginePort, prometheusPort] = [await freePort(), await freePort()]

const promtool = (input: string, ...args: ReadonlyArray<string>) => {
  const { status, stderr, stdout } = spawnSync("promtool", args, { cwd: root, input, encoding: "utf8" })
  if (status !== 0) throw new Error(`promtool ${args.join(" ")}:\n${stdout}${stderr}`)
  return `${stdout}${stderr}`
}

const ask = async (path: string): Promise<unknown> => {
  const response = await fetch(`http://127.0.0.1:${prometheusPort}/api/v1/${path}`, { signal: AbortSignal.timeout(10_000) })
  const answer = (await response.json()) as { readonly status: string; readonly error?: string; readonly data: unknown }
  if (answer.status !== "success") throw new Error(`${path}: ${answer.error}`)
  return answer.data
}
interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [number, string]
}
const query = async (expression: string) =>
  ((await ask(`query?query=${encodeURIComponent(expression)}`)) as { readonly result: ReadonlyArray<Sample> }).result

const scrape = async () => {
  const response = await fetch(`http://127.0.0.1:${enginePort}/metrics`, { signal: AbortSignal.timeout(10_000) })
  return response.text()
}

/** Slow enough that its market falls after Prometheus has begun to read. */
const startEngine = async () => {
  const rules = [{ name: "Moves", signal: "deviationAbsolute", above: 0, severity: "watch" }]
  const environment = userEnvironment({
    EVENKEEL_DATA: join(place, "data"),
    EVENKEEL_HTTP_PORT: String(enginePort),
    EVENKEEL_ALERTS_RULES: JSON.stringify(rules)
  })
  const args = [
    "--single-threaded-gc",
    join(root, "packages/app/bin/evenkeel.js"),
    "demo",
    "--configured",
    "--scenario",
    "jump",
    "--speed",
    "20"
  ]
  const engine = new Child(process.execPath, args, environment)
  children.push(engine)
  await until("an answer at /metrics", engine, 120, scrape)
}

const startPrometheus = () => {
  const config = join(place, "prometheus.yaml")
  const targets = { job_name: "evenkeel", static_configs: [{ targets: [`127.0.0.1:${enginePort}`] }] }
  writeFileSync(
    config,
    // JSON is YAML.
    JSON.stringify({
      global: { scrape_interval: "1s", evaluation_interval: "1s" },
      rule_files: [join(root, "otel/prometheus/alerts.yaml")],
      scrape_configs: [targets]
    })
  )
  const flags = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(place, "tsdb")}`,
    `--web.listen-address=127.0.0.1:${prometheusPort}`
  ]
  const prometheus = new Child("prometheus", flags, process.env)
  children.push(prometheus)
  return prometheus
}

/** A panel's question as Grafana would ask it of all engines. */
const asked = (expression: string) =>
  expression.replaceAll("$__rate_interval", "10s").replaceAll("$instance", ".*").replaceAll("$coin", "USDC")
const questions = dashboardNames.flatMap((name) =>
  panelsOf(name).flatMap(({ queries, title }) =>
    queries.map(({ expression }) => ({ panel: `${name}: ${title}`, expression: asked(expression) }))
  )
)

const all = (problems: ReadonlyArray<string>) => {
  if (problems.length > 0) throw new Error(problems.join("\n"))
}

const checks: ReadonlyArray<readonly [name: string, check: () => Promise<void> | void]> = [
  ["rules are PromQL", () => void promtool("", "check", "rules", "otel/prometheus/alerts.yaml")],
  [
    "every rule fires when it should, and not before",
    () => void promtool("", "test", "rules", ...globSync("otel/prometheus/*.test.yaml", { cwd: root }))
  ],
  ["the configuration is one", () => void promtool("", "check", "config", "otel/prometheus.yaml")],
  [
    "Prometheus reads a demo without an error",
    async () => {
      await startEngine()
      const prometheus = startPrometheus()
      // As many readings as a rate is taken of, and a rise that Prometheus has seen: the level was recorded and told.
      await until("the notification of a level", prometheus, 240, async () => {
        const rises = (stage: string) => `and on (instance) increase(evenkeel_stage_seconds_count{stage="${stage}"}[5m]) > 0`
        const found = await query(`count_over_time(up{job="evenkeel"}[5m]) >= 10 ${rises("record")} ${rises("delivery")}`)
        return found.length > 0 ? true : undefined
      })
      const { activeTargets } = (await ask("targets")) as {
        readonly activeTargets: ReadonlyArray<{ readonly health: string; readonly lastError: string }>
      }
      all(activeTargets.filter(({ health }) => health !== "up").map(({ health, lastError }) => `the target is ${health}: ${lastError}`))
      if (activeTargets.length !== 1) throw new Error(`${activeTargets.length} targets`)
      const least = await query('min_over_time(up{job="evenkeel"}[5m])')
      if (Number(least[0]?.value[1]) !== 1) throw new Error("a reading failed")
    }
  ],
  [
    "promtool finds nothing in its /metrics",
    async () => {
      const found = promtool(await scrape(), "check", "metrics")
      if (found !== "") throw new Error(found)
    }
  ],
  [
    "every metric that dashboards and alerts ask for is there",
    async () => {
      const expressions = [...questions.map(({ expression }) => expression), ...alertRules.map(({ expr }) => expr)]
      const names = new Set(expressions.flatMap((expression) => selectedBy(expression).map(({ name }) => name)))
      const there = (await ask("label/__name__/values")) as ReadonlyArray<string>
      all([...names].filter((name) => !there.includes(name) && !notInDemo.includes(name)).map((name) => `no ${name}`))
    }
  ],
  [
    "every series has the labels that its metric is said to have",
    async () => {
      const series = (await ask(`series?match[]=${encodeURIComponent('{job="evenkeel"}')}`)) as ReadonlyArray<
        Readonly<Record<string, string>>
      >
      if (series.length < Object.keys(metricLabels).length) throw new Error(`only ${series.length} series`)
      const problems = series.flatMap(({ __name__: name = "", ...labels }) => {
        if (/^(scrape_|up$|ALERTS)/.test(name)) return []
        const known = knownMetrics.get(name)
        if (known === undefined) return [`${name} stands in no list`]
        const found = Object.keys(labels).sort().join(", ")
        const said = known.labels.toSorted().join(", ")
        return found === said ? [] : [`${name} has ${found} and not ${said}`]
      })
      all([...new Set(problems)])
    }
  ],
  [
    "every panel's question can be asked, and those of what a demo has are answered",
    async () => {
      const problems: Array<string> = []
      for (const { expression, panel } of questions) {
        const result = await query(expression).catch((error: unknown) => String(error))
        const unusual = /> 0|== 1$/.test(expression) || selectedBy(expression).some(({ name }) => notInDemo.includes(name))
        if (typeof result === "string") problems.push(`${panel}: ${result}`)
        else if (!unusual && !result.some(({ value }) => value[1] !== "NaN")) problems.push(`${panel}: no answer to ${expression}`)
      }
      all(problems)
    }
  ],
  [
    "every rule is evaluated",
    async () => {
      const { groups } = (await ask("rules")) as {
        readonly groups: ReadonlyArray<{
          readonly rules: ReadonlyArray<{ readonly name: string; readonly health: string; readonly lastError?: string }>
        }>
      }
      const rules = groups.flatMap((group) => group.rules)
      if (rules.length !== alertRules.length) throw new Error(`${rules.length} rules and not ${alertRules.length}`)
      all(rules.filter(({ health }) => health !== "ok").map(({ health, lastError, name }) => `${name} is ${health}: ${lastError}`))
    }
  ]
]

const count = { passed: 0, failed: 0 }
try {
  for (const [name, check] of checks) {
    const began = performance.now()
    const seconds = () => `${((performance.now() - began) / 1000).toFixed(1)} s`
    try {
      await check()
      count.passed++
      process.stdout.write(`✓ ${name} (${seconds()})\n`)
    } catch (error) {
      count.failed++
      process.stdout.write(`✗ ${name} (${seconds()})\n${error instanceof Error ? error.message : String(error)}\n`)
    }
  }
} finally {
  for (const child of children.toReversed()) await child.end()
  rmSync(place, { recursive: true, force: true })
}
process.stdout.write(`\n${count.passed} passed, ${count.failed} failed\n`)
process.exitCode = count.failed === 0 ? 0 : 1
