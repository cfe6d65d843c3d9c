import { assert, describe, it } from "@effect/vitest"
import { stripVTControlCharacters } from "node:util"
import { renderLive } from "./LiveTable.ts"

const alert = (name: string, reasons: number) => [
  `2024-01-15T14:24:00.000Z \u001b[1;31mCRITICAL\u001b[0m simulated: ${name} is losing its peg: -345.5 bps, fair value 0.96545`,
  ...Array.from({ length: reasons }, (_, index) => `    reason ${index} of ${name}`)
]

const screen = (rows: number, alerts: ReadonlyArray<ReadonlyArray<string>>) =>
  renderLive(
    {
      title: "live",
      time: 0,
      coins: [],
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
    for (const rows of [12, 16, 24, 40]) {
      const lines = screen(rows, alerts)
      assert.isBelow(lines.length, rows)
      for (const line of lines) assert.isAtMost(stripVTControlCharacters(line).length, 80)
      assert.isTrue(lines.some((line) => line.includes("simulated: USDC is losing its peg")))
      assert.strictEqual(
        lines.some((line) => line.includes("USDT is losing")),
        rows >= 24
      )
      assert.strictEqual(
        lines.some((line) => line.includes("reason 0 of DAI")),
        rows >= 40
      )
    }
  })

  it("gives durations in the unit that fits them", () => {
    assert.include(screen(24, []).join("\n"), "p50 400.0 µs p99 2.5 s")
  })
})
