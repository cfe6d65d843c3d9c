import { assert, describe, it } from "@effect/vitest"
import { stripVTControlCharacters } from "node:util"
import { idleStatus } from "../../test/support/Status.ts"
import { duration, renderStatus } from "./StatusScreen.ts"

const options = { columns: 80, rows: 24, colors: false, period: "recent", from: 0 } as const

describe("StatusScreen", () => {
  it("shows the engine, its stages and its components", () => {
    const text = renderStatus(idleStatus, options).join("\n")
    assert.include(text, "evenkeel 0.0.0  test  up 1m  pid 1  ready")
    assert.include(text, "nothing holds it up")
    assert.match(text, /decode +3 +900 ns +1\.2 µs +2\.0 ms +2\.0 ms +3\.0 s/)
    assert.match(text, /hot-path +running +0/)
  })

  it("fits into a terminal whatever there is, and puts what is in trouble first, with what is lost", () => {
    const [component] = idleStatus.components
    const many = Array.from({ length: 60 }, (_, n) => ({ ...component!, component: `receiver:${n}` }))
    const broken = { ...component!, component: "z\u001b[2J", status: "failed", detail: "x".repeat(200) }
    const view = {
      ...idleStatus,
      ready: false,
      components: [...many, broken],
      bottleneck: "the database",
      stale: [{ coin: "USDC", why: "okx: not connected" }]
    }
    const lines = renderStatus(view, { ...options, colors: true })
    assert.isAtMost(lines.length, 24)
    for (const line of lines) assert.isAtMost(stripVTControlCharacters(line).length, 80)
    const plain = renderStatus(view, options)
    assert.notInclude(plain.join(), "\u001b", "what a name holds moves no cursor")
    const at = plain.findIndex((line) => line.includes("failed"))
    assert.include(plain[at + 1], "meanwhile no level changes; still the log")
    assert.isBelow(
      at,
      plain.findIndex((line) => line.includes("receiver:"))
    )
    assert.include(plain.at(-1), "lines more")
    assert.include(plain.join("\n"), "USDC is stale: okx: not connected")
  })

  it("steps through every component on a small terminal, and shows the stages above the first ones", () => {
    const [component] = idleStatus.components
    const [stage] = idleStatus.stages
    const view = {
      ...idleStatus,
      stages: Array.from({ length: 17 }, (_, n) => ({ ...stage!, stage: `stage-${n}` })),
      components: Array.from({ length: 40 }, (_, n) => ({ ...component!, component: `part-${String(n).padStart(2, "0")}` }))
    }
    const seen = new Set<string>()
    for (let from = 0; from < 40; from++) {
      const lines = renderStatus(view, { ...options, rows: 23, from })
      assert.isAtMost(lines.length, 23)
      const parts = lines.filter((line) => line.startsWith("part-"))
      assert.isTrue(parts[0]?.startsWith(`part-${String(from).padStart(2, "0")}`), `${from}`)
      for (const line of parts) seen.add(line.slice(0, 7))
      assert.strictEqual(
        lines.some((line) => line.startsWith("stage-0")),
        from === 0
      )
      if (from === 0) assert.isAtLeast(parts.length, 4)
      if (from > 0 && from < 20) assert.isAtLeast(parts.length, 10)
    }
    assert.lengthOf([...seen], 40)
  })

  it("shows the time since the start, and later components, when asked", () => {
    const lines = renderStatus(idleStatus, { ...options, period: "whole", from: 1 }).join("\n")
    assert.match(lines, /since the start/)
    assert.match(lines, /decode +0 +- /)
    assert.notInclude(lines, "hot-path")
  })

  it("writes durations with the unit that fits", () =>
    assert.deepStrictEqual([null, 5, 12_345, 2.5e7, 4.2e9].map(duration), ["-", "5.0 ns", "12 µs", "25 ms", "4.2 s"]))
})
