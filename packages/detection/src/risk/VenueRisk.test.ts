import { assert, describe, it } from "@effect/vitest"
import { severity } from "@evenkeel/domain/risk/RiskLevel"
import { VenueRisk } from "./VenueRisk.ts"

const minute = 60_000
const play = (deviations: ReadonlyArray<number>, risk = new VenueRisk(), from = 0) =>
  deviations.map((deviation, index) => {
    risk.update((from + index) * minute, deviation, minute)
    return risk.level
  })

describe("VenueRisk", () => {
  it("is critical at the third bar beyond 50 bps, warns at the third beyond 20, and never for a premium", () => {
    assert.deepStrictEqual(play([-60, -60, -60]), [0, 0, severity("critical")])
    assert.deepStrictEqual(play([-25, -25, -30]), [0, 0, severity("warning")])
    assert.deepStrictEqual(play([-60, 0, -60, 80, 80, 80]), [0, 0, 0, 0, 0, 0])
  })

  it("is left after an hour inside half of what raised it", () => {
    const risk = new VenueRisk()
    play([-60, -60, -60], risk)
    const levels = play(
      Array.from({ length: 62 }, () => -5),
      risk,
      3
    )
    assert.strictEqual(levels[59], severity("critical"))
    assert.strictEqual(levels[61], 0)
  })
})
