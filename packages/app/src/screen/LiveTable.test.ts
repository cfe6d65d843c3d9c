import { assert, describe, it } from "@effect/vitest"
import type { CoinView } from "@evenkeel/api/contract/group/Coins"
import { stripVTControlCharacters } from "node:util"
import { isSaid, renderLive } from "./LiveTable.ts"

const alert = (name: string, reasons: number) => [
  `2024-01-15T14:24:00.000Z \u001b[1;31mCRITICAL\u001b[0m simulated: ${name} is losing its peg: -345.5 bps, fair value 0.96545`,
  ...Array.from({ length: reasons }, (_, index) => `    reason ${index} of ${name}`)
]

const coinOf = (coin: string, ...news: CoinView["news"]): CoinView => ({
  coin,
  simulated: false,
  peg: "USD",
  fairValue: 1,
  errorBps: 1,
  deviationBps: 0,
  level: "normal",
  since: null,
  grounded: true,
  share: null,
  venues: { agree: [], differ: [] },
  detectors: { baselineBps: null, score: null, cusum: null, changepoint: null },
  model: null,
  news,
  sources: []
})

const screen = (rows: number, alerts: ReadonlyArray<ReadonlyArray<string>>, coins: ReadonlyArray<CoinView> = []) =>
  renderLive(
    {
      title: "live",
      time: 0,
      coins,
      messagesPerSecond: 0,
      p50Nanos: 4e5,
      p99Nanos: 2.5e9,
      ringFill: 0,
      breakers: [],
      troubled: [],
      alerts
    },
    { columns: 80, rows }
  )

describe("the live screen", () => {
  it("fits its terminal, and shows the newest alerts from their headlines on", () => {
    const alerts = [alert("DAI", 6), alert("USDT", 6), alert("USDC", 6)]
    for (const rows of [14, 18, 30, 48]) {
      const lines = screen(rows, alerts)
      assert.isBelow(lines.length, rows)
      for (const line of lines) assert.isAtMost(stripVTControlCharacters(line).length, 80)
      assert.isTrue(lines.some((line) => line.includes("simulated: USDC is losing its peg")))
      assert.strictEqual(
        lines.some((line) => line.includes("USDT is losing")),
        rows >= 30
      )
      assert.strictEqual(
        lines.some((line) => line.includes("reason 0 of DAI")),
        rows >= 48
      )
    }
  })

  it("shows the newest headline of a coin on one line, escaped, for the coins that were spoken of last", () => {
    const told = (title: string, minutes: number) => ({ title, feed: "desk", link: null, time: -minutes * 60_000, score: -0.9 })
    const lines = screen(
      40,
      [],
      [
        coinOf("USDC", told("USDC \u001b[2J depegs\nCRITICAL", 20), told("older", 30)),
        coinOf("DAI"),
        ...["USDT", "FDUSD", "TUSD"].map((coin, index) => coinOf(coin, told(coin, 10 * index)))
      ]
    )
    const shown = lines.map(stripVTControlCharacters).filter((line) => line.startsWith("news "))
    assert.deepStrictEqual(shown, [
      "news USDT -0.9  USDT  (desk, 0.0s ago)",
      "news FDUSD -0.9  FDUSD  (desk, 10m ago)",
      "news USDC -0.9  USDC \\u001b[2J depegs\\u000aCRITICAL  (desk, 20m ago)"
    ])
    assert.isTrue(lines.every((line) => !line.includes("\n")))
  })

  it("cuts off neither the time nor an alert's fair value on 80 columns", () => {
    const text = screen(40, [alert("USDC", 1)])
      .map(stripVTControlCharacters)
      .join("\n")
    assert.include(text, "1970-01-01 00:00:00Z")
    assert.include(text, "-345.5 bps,\n  fair value 0.96545\n    reason 0 of USDC")
    assert.include(text, "≠ differs, bps")
    assert.notInclude(text, "…")
  })

  it("says what a saved configuration has changed, and what is not well", () => {
    const said = (component: string, status: string, detail: string) => isSaid({ component, status, detail })
    assert.isTrue(said("configuration", "running", "took up alerts.route"))
    assert.isFalse(said("configuration", "running", ""))
    assert.isFalse(said("hot-path", "running", "16 instruments"))
    assert.isTrue(said("hot-path", "degraded", "hangs"))
  })

  it("gives durations in the unit that fits them", () => {
    assert.include(screen(24, []).join("\n"), "p50 400.0 µs p99 2.5 s")
  })
})
