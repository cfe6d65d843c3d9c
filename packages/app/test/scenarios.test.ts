/** The detection's answers to whole markets, through every venue's own protocol. */
import { assert, describe, it } from "@effect/vitest"
import { reasonsOf } from "@evenkeel/alerting/render/Reasons"
import { scenarios } from "@evenkeel/connectors/simulated/Scenario"
import { type LevelChange, severity } from "@evenkeel/domain/risk/RiskLevel"
import { playScenario } from "./support/LocalMarket.ts"

const said = (changes: ReadonlyArray<LevelChange>) => changes.map(({ coin, kind, level }) => `${coin} ${kind} ${level}`)
const seeds = [1, 2]
const minutesIn = (scenario: { readonly startsAt: number }, change: LevelChange) => (change.time - scenario.startsAt) / 60_000

describe("scenarios", () => {
  it("a calm day raises nothing", () => {
    assert.deepStrictEqual(said(playScenario(scenarios.calm(), 600, 1, 20_000)), [])
  })

  it("March 2023: USDC is critical within 40 minutes of its fall, USDT a premium and never a break", () => {
    const scenario = scenarios["usdc-2023-03"]()
    const changes = playScenario(scenario, 420)
    const critical = changes.find(({ coin, level }) => coin === "USDC" && level === "critical")!
    assert.isBelow(minutesIn(scenario, critical), 34 + 45)
    assert.strictEqual(critical.kind, "break")
    assert.isTrue(changes.filter(({ coin }) => coin === "USDT").every(({ kind }) => kind === "premium" || kind === "recovery"))
    assert.isNotEmpty(reasonsOf(critical))
  })

  it("May 2022: UST is critical, blamed alone, though USDT is all that it trades against", () => {
    const scenario = scenarios["ust-2022-05"]()
    const changes = playScenario(scenario, 300)
    assert.isTrue(changes.some(({ coin, kind, level }) => coin === "UST" && level === "critical" && kind === "break"))
    assert.isTrue(changes.every(({ coin }) => coin === "UST"))
  })

  it("a slow bleed is not missed", () => {
    assert.include(said(playScenario(scenarios.bleed(1), 1000, 1, 30_000)), "USDC break critical")
  })

  it("a jump is critical as soon as it is confirmed", () => {
    for (const seed of seeds) {
      const scenario = scenarios.jump(seed)
      const jump = playScenario(scenario, 90, seed)
      const critical = jump.find(({ level }) => level === "critical")!
      assert.strictEqual(critical.coin, "USDC")
      const fell = Array.from({ length: 90 }, (_, minute) => minute).find(
        (minute) => scenario.valueBps("USDC", scenario.startsAt + minute * 60_000) < -50
      )!
      assert.isAtMost(minutesIn(scenario, critical), fell + 4)
    }
  })

  it("one venue's flash crash is that venue's: a warning at most, and the venue is named", () => {
    for (const seed of seeds) {
      const changes = playScenario(scenarios["flash-crash"](seed), 120, seed)
      assert.isTrue(
        changes.every(({ kind, level }) => severity(level) <= severity(kind === "local" || kind === "disputed" ? "warning" : "watch")),
        said(changes).join("; ")
      )
      for (const change of changes)
        if (change.kind === "local" || change.kind === "disputed") assert.include(reasonsOf(change)[0], "binance")
    }
  })

  it("a premium is a premium, and never critical", () => {
    const changes = playScenario(scenarios.premium(1), 300, 1)
    assert.include(said(changes), "USDT premium warning")
    assert.isFalse(changes.some(({ kind, level }) => kind === "break" || level === "critical"))
  })

  it("a run that recovers ends as it began, with a recovery said", () => {
    const changes = playScenario(scenarios.recovery(2), 320)
    assert.include(said(changes), "USDC break critical")
    assert.strictEqual(said(changes.filter(({ coin, level }) => coin === "USDC" && level === "normal"))[0], "USDC recovery normal")
  })

  it("a coin that has stood off its peg for months is not cried over", () => {
    const changes = playScenario(scenarios["off-peg"](1), 2880, 1, 60_000)
    assert.isTrue(
      changes.every(({ level }) => severity(level) <= severity("watch")),
      said(changes).join("; ")
    )
  })

  it("says the same each time", () => {
    const twice = [1, 2].map(() => JSON.stringify(playScenario(scenarios.jump(5), 70, 5)))
    assert.strictEqual(twice[0], twice[1])
  })
})
