import { assert, describe, it } from "@effect/vitest"
import type { ChangeKind, LevelChange, RiskLevel } from "@evenkeel/domain/risk/RiskLevel"
import { levelChange } from "../../test/support/LevelChange.ts"
import { type AlertState, decide, decideClosed, fingerprintsOf } from "./Decide.ts"

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

  it("has alerts of its own for a made-up market, which end none of the real one's", () => {
    const made = (change: LevelChange): LevelChange => ({ ...change, simulated: true })
    const [real] = decide([], change("normal", "critical", "break"), 1, "warning")
    const [demo, ...others] = decide([real!.state], made(change("normal", "critical", "break")), 2, "warning")
    assert.isEmpty(others)
    assert.strictEqual(demo?.kind, "AlertOpened")
    assert.isTrue(demo?.state.alert.simulated)
    assert.isUndefined(real?.state.alert.simulated)
    assert.notStrictEqual(demo?.state.alert.fingerprint, real?.state.alert.fingerprint)
    for (const each of [real!, demo!]) assert.include(fingerprintsOf("USDC"), each.state.alert.fingerprint)
    const open = [real!.state, demo!.state]
    const over = change("critical", "normal", "recovery")
    const ended = (of: LevelChange) => decide(open, of, 3, "warning").map(({ state }) => state.alert.fingerprint)
    assert.deepStrictEqual(ended(over), [real!.state.alert.fingerprint])
    assert.deepStrictEqual(ended(made(over)), [demo!.state.alert.fingerprint])
    // An engine closes a made-up market's alone, and a person all.
    const closed = (by?: { readonly simulatedOnly: true }) =>
      decideClosed(open, { coin: "USDC", reason: "over", time: 5, ...by }, 4).map(({ state }) => state.alert)
    assert.deepStrictEqual(
      closed({ simulatedOnly: true }).map(({ closedBy, fingerprint }) => [closedBy, fingerprint]),
      [["engine", demo!.state.alert.fingerprint]]
    )
    assert.lengthOf(closed(), 2)
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
