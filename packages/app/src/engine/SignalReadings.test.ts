import { assert, describe, it } from "@effect/vitest"
import { Signals } from "@evenkeel/alerting/rule/Signals"
import type { CoinView } from "@evenkeel/api/contract/group/Coins"
import { EngineView } from "@evenkeel/api/server/EngineView"
import { InsuranceWatch } from "@evenkeel/assessment/insurance/InsuranceWatch"
import { Oracles } from "@evenkeel/assessment/oracle/Oracles"
import { Detection } from "@evenkeel/detection/host/Detection"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { Effect, Layer } from "effect"
import { layerEngineSignals } from "./EngineSignals.ts"
import { EngineNumbers, type EngineLook } from "../status/EngineNumbers.ts"
import { coinReadings, engineReadings, SupplyHistory } from "./SignalReadings.ts"

const source = (over: Partial<CoinView["sources"][number]> = {}): CoinView["sources"][number] => ({
  venue: "kraken",
  symbol: "USDC/USD",
  bid: 0.99,
  ask: 1,
  lastPrice: 0.995,
  ageMillis: 4000,
  book: "good",
  bidLevels: 10,
  askLevels: 10,
  staleReason: null,
  residualBps: 0,
  errorBps: 1,
  ownDeviationBps: -20,
  ownLevel: "normal",
  pool: null,
  supply: null,
  ...over
})
const component = (name: string, status: "running" | "degraded" | "failed", gauges = {}): EngineLook["components"][number] => ({
  component: name,
  status,
  detail: "",
  restarts: 0,
  hung: false,
  heartbeatMillis: null,
  gauges
})
const latencyOf = (p99: number | null): EngineLook["stages"][number]["recent"] => ({
  count: 0,
  p50: null,
  p95: null,
  p99,
  p999: null,
  max: null
})
const lookOf = (components: EngineLook["components"]): EngineLook => ({
  stages: [
    { stage: "model", unknown: "", recent: latencyOf(2e6), whole: latencyOf(2e6) },
    { stage: "alert", unknown: "", recent: latencyOf(null), whole: latencyOf(null) }
  ],
  process: {
    cpuUserSeconds: 1,
    cpuSystemSeconds: 1,
    cpuShare: 0.75,
    residentBytes: 1000,
    heapUsedBytes: 1,
    heapTotalBytes: 1,
    loopDelayP99Millis: 10,
    loopDelayMaxMillis: 20,
    loopUtilization: 0.1,
    collections: [],
    openFiles: 20,
    threads: 1,
    diskFreeBytes: null
  },
  components,
  ringFill: 0.25,
  hotPathBusy: 0.5,
  bottleneck: undefined
})
const seen = lookOf([component("a", "running")])
const coin = (over: Partial<CoinView> = {}): CoinView => ({
  coin: "USDC",
  simulated: false,
  peg: "USD",
  fairValue: 0.995,
  errorBps: 1,
  deviationBps: -50,
  level: "warning",
  since: 0,
  grounded: true,
  share: null,
  venues: { agree: [], differ: [] },
  detectors: { baselineBps: null, score: null, cusum: null, changepoint: null },
  model: null,
  news: [],
  sources: [source()],
  ...over
})

/** `signal{labels} value` */
const wordsOf = (view: CoinView, now = 0, supplies = new SupplyHistory(), disputed = false) =>
  coinReadings([view], { disputed: () => disputed, now, supplies }).map(
    ({ labels, signal, value }) =>
      `${[signal, ...Object.values({ ...labels, coin: "" })].filter((word) => word !== "").join(" ")}: ${value}`
  )

describe("what rules are shown", () => {
  it("is a coin's level, deviation, dispute and youngest price", () => {
    assert.deepStrictEqual(
      wordsOf(coin({ sources: [source(), source({ ageMillis: 1500 }), source({ ageMillis: 1, lastPrice: null })] })).slice(0, 5),
      ["level: 2", "deviation: -50", "deviationAbsolute: 50", "disputed: 0", "staleSeconds: 1.5"]
    )
    assert.include(wordsOf(coin(), 0, new SupplyHistory(), true), "disputed: 1")
  })

  it("is not known of a coin without a fresh price, but for how long there has been none", () => {
    const model = { version: 1, horizons: [{ minutes: 60, probability: 0.4, low: null, high: null }] }
    assert.includeMembers(wordsOf(coin({ level: "stale", model })), [
      "level: null",
      "deviation: null",
      "deviationAbsolute: null",
      "disputed: null",
      "staleSeconds: 4",
      "probability 60: null"
    ])
    assert.include(wordsOf(coin({ model })), "probability 60: 0.4")
    assert.include(wordsOf(coin({ sources: [] })), "staleSeconds: null")
  })

  it("has one reading a venue: of several pairs and pools the one that is farthest away", () => {
    const pool = (imbalance: number) => ({ imbalance, sellDepth: 1, buyDepth: 1, averagePrice: 1 })
    const sources = [
      source({ ownDeviationBps: -20 }),
      source({ ownDeviationBps: 35 }),
      source({ venue: "okx", ownDeviationBps: null }),
      source({ venue: "curve", ownDeviationBps: null, pool: pool(0.1) }),
      source({ venue: "curve", ownDeviationBps: null, pool: pool(-0.4) })
    ]
    const words = wordsOf(coin({ sources }))
    assert.deepStrictEqual(words.slice(5), ["venueDeviation kraken: 35", "poolImbalance curve: -0.4"])
  })

  it("is a supply's growth an hour, once five minutes of it are known, and of the last hour alone", () => {
    const supplies = new SupplyHistory()
    const growth = (minute: number, total: number) => supplies.growth("USDC", total, minute * 60_000)
    assert.isNull(growth(0, 1000))
    assert.isNull(growth(4, 1100))
    assert.closeTo(growth(6, 1010)!, 10, 1e-9)
    assert.closeTo(growth(60, 1020)!, 2, 1e-9)
    assert.closeTo(growth(66, 1111)!, 10, 1e-9, "against the total an hour before")
    // A demo's market begins anew.
    assert.isNull(growth(1, 5))
  })

  it("is the engine's health by component, and its numbers where they are known", () => {
    const readings = engineReadings(
      lookOf([
        component("a", "running"),
        component("b", "degraded"),
        component("c", "failed"),
        component("rules", "degraded"),
        component("dispatcher", "running", { outbox_pending: 7 })
      ]),
      null
    )
    assert.deepStrictEqual(
      readings.map(({ labels, signal, value }) => `${[signal, ...Object.values(labels)].join(" ")}: ${value}`),
      [
        "health a: 0",
        "health b: 1",
        "health c: 3",
        "health dispatcher: 0",
        "outboxPending: 7",
        "diskFreeRatio: null",
        "eventLoopDelaySeconds: 0.02",
        "ringFill: 0.25",
        "hotPathBusy: 0.5",
        "cpuShare: 0.75",
        "residentBytes: 1000",
        "openFiles: 20",
        "stageSeconds model: 0.002",
        "stageSeconds alert: null"
      ]
    )
    assert.isTrue(
      engineReadings(undefined, null).every(({ value }) => value === null),
      "before the first look nothing is known"
    )
  })

  it.live("is published, and none of it is refused", () =>
    Effect.gen(function* () {
      const { readings } = yield* Signals
      const found = yield* Effect.repeat(readings, { until: (all) => all.some(({ signal }) => signal === "diskFreeRatio") })
      assert.includeMembers(
        found.map(({ signal }) => signal),
        ["level", "venueDeviation", "health", "eventLoopDelaySeconds", "stageSeconds"]
      )
      const ratio = found.find(({ signal }) => signal === "diskFreeRatio")?.value
      assert.isTrue(typeof ratio === "number" && ratio > 0 && ratio <= 1)
      const health = yield* (yield* HealthRegistry).snapshot
      assert.strictEqual(health.find(({ component }) => component === "rule-signals")?.gauges["refused"], 0)
    }).pipe(
      Effect.provide(
        layerEngineSignals(".").pipe(
          Layer.provideMerge(Signals.layer),
          Layer.provideMerge(
            Layer.mergeAll(
              Detection.layerTest(),
              Supervisor.layer,
              Oracles.layerNoop,
              InsuranceWatch.layerTest(),
              Layer.succeed(EngineNumbers, EngineNumbers.of({ look: Effect.succeed(seen), last: () => seen, histograms: () => new Map() })),
              Layer.succeed(EngineView, EngineView.of({ simulated: false, coins: () => [coin()] }))
            )
          ),
          Layer.provideMerge(HealthRegistry.layer)
        )
      )
    )
  )
})
