import { assert, describe, it } from "@effect/vitest"
import type { ChangeKind, LevelChange, RiskLevel } from "@evenkeel/domain/risk/RiskLevel"
import { levelChange } from "../../test/support/LevelChange.ts"
import { type AlertState, decide } from "./Decide.ts"

/** Applies changes one after the other, as the manager does; what was decided, in words. */
const play = (changes: ReadonlyArray<LevelChange>, minimumLevel: RiskLevel = "warning") => {
  const open = new Map<string, AlertState>()
  return changes.flatMap((change, index) =>
    decide([...open.values()], change, index + 1, minimumLevel).map(({ kind, state }) => {
      if (kind === "AlertResolved") open.delete(state.alert.fingerprint)
      else open.set(state.alert.fingerprint, state)
      return `${kind} ${state.alert.level}`
    })
  )
}

const change = (previous: RiskLevel, level: RiskLevel, kind: ChangeKind, time = 0) => levelChange({ previous, level, kind, time })

describe("decide", () => {
  it("opens an alert at the minimum level, raises it, lowers it and resolves it", () => {
    assert.deepStrictEqual(
      play([
        change("normal", "watch", "break"),
        change("watch", "warning", "break"),
        change("warning", "critical", "break"),
        change("critical", "warning", "recovery"),
        change("warning", "normal", "recovery")
      ]),
      ["AlertOpened warning", "AlertChanged critical", "AlertChanged warning", "AlertResolved warning"]
    )
  })

  it("opens nothing below the minimum level", () => {
    assert.deepStrictEqual(play([change("watch", "warning", "break"), change("warning", "critical", "break")], "critical"), [
      "AlertOpened critical"
    ])
  })

  it("does not repeat a level that an alert has had, as after a restart", () => {
    assert.deepStrictEqual(
      play([change("watch", "critical", "break"), change("normal", "watch", "break"), change("watch", "warning", "break")]),
      ["AlertOpened critical", "AlertResolved critical", "AlertOpened warning"]
    )
    assert.deepStrictEqual(play([change("watch", "critical", "break"), change("watch", "warning", "break")]), ["AlertOpened critical"])
  })

  it("ends one kind of trouble when another begins, under its own fingerprint", () => {
    assert.deepStrictEqual(play([change("normal", "warning", "premium"), change("warning", "critical", "break")]), [
      "AlertOpened warning",
      "AlertResolved warning",
      "AlertOpened critical"
    ])
  })

  it("keeps what is open while a coin has no fresh price, and has an alert of its own for that", () => {
    assert.deepStrictEqual(
      play([
        change("normal", "critical", "break"),
        change("critical", "stale", "stale"),
        change("stale", "critical", "recovery"),
        change("critical", "normal", "recovery")
      ]),
      ["AlertOpened critical", "AlertOpened stale", "AlertResolved stale", "AlertResolved critical"]
    )
  })

  it("opens an alert for a coin without fresh prices whatever the minimum level", () => {
    assert.deepStrictEqual(play([change("normal", "stale", "stale"), change("stale", "normal", "recovery")], "critical"), [
      "AlertOpened stale",
      "AlertResolved stale"
    ])
  })

  it("labels an alert by its coin and kind, and with the level that it has", () => {
    const [first] = decide([], change("normal", "warning", "break"), 7, "warning")
    const [second] = decide([first!.state], change("warning", "critical", "break"), 9, "warning")
    const [third] = decide([second!.state], change("critical", "normal", "recovery"), 12, "warning")
    const own = { alertname: "Depeg", coin: "USDC", kind: "break" }
    assert.deepStrictEqual(
      [first!, second!, third!].map(({ state }) => state.alert.labels),
      ["warning", "critical", "critical"].map((severity) => ({ ...own, severity }))
    )
    assert.deepInclude(third!.state.alert, { status: "resolved", startsAt: 0, endsAt: 0 })
  })
})
