/** What Alertmanager's worked examples do not show of a group; those are in `test/alertmanager.test.ts`. */
import { assert, describe, it } from "@effect/vitest"
import { makeNotices } from "../../test/support/Notices.ts"
import { look, makeGroup } from "./Group.ts"

const noon = Date.UTC(2026, 10, 25, 12)

describe("Group", () => {
  it("tells the end of an alert that was told, though it was held back while all the others ended", () => {
    const notices = makeNotices({
      route: { receivers: ["desk"], groupBy: [], groupWait: "10s", groupInterval: "1m", repeatInterval: "4h" },
      start: noon
    })
    for (const instance of ["1", "2"]) notices.post(0, { alertname: "A", instance })
    assert.deepStrictEqual(notices.toldBy(60), ["10 desk: +1 +2"])
    const silence = { matchers: ['instance="2"'], createdBy: "ann", comment: "known" }
    notices.silences.push({ id: "1", ...silence, startsAt: noon + 60_000, endsAt: noon + 135_000 })
    notices.post(65, { alertname: "A", instance: "1" }, "resolved")
    assert.deepStrictEqual(notices.toldBy(134), ["70 desk: -1"])
    // Between two looks the silence ends, and the alert with it.
    notices.post(140, { alertname: "A", instance: "2" }, "resolved")
    assert.deepStrictEqual(notices.toldBy(3600), ["190 desk: -2"])
  })

  it("tells an end that was held back once nothing holds it back, and what fires again then", () => {
    const notices = makeNotices({
      route: { receivers: ["desk"], groupBy: [], groupWait: "10s", groupInterval: "1m", repeatInterval: "4h" },
      start: noon
    })
    for (const instance of ["1", "2"]) notices.post(0, { alertname: "A", instance })
    assert.deepStrictEqual(notices.toldBy(60), ["10 desk: +1 +2"])
    const silence = { matchers: ['instance="1"'], createdBy: "ann", comment: "known" }
    notices.silences.push({ id: "1", ...silence, startsAt: noon + 60_000, endsAt: noon + 600_000 })
    notices.post(100, { alertname: "A", instance: "1" }, "resolved")
    assert.deepStrictEqual(notices.toldBy(590), [])
    assert.deepStrictEqual(notices.toldBy(660), ["610 desk: +2 -1"])
    notices.post(700, { alertname: "A", instance: "1" })
    assert.deepStrictEqual(notices.toldBy(760), ["730 desk: +1 +2"])
  })

  it("escalates each alert by itself: after its own time, unless somebody looks at it, and tells those who are next of its end", () => {
    const route = {
      receivers: ["desk"],
      groupWaitMillis: 0,
      groupIntervalMillis: 0,
      repeatIntervalMillis: 4 * 3_600_000,
      escalateAfterMillis: 600_000,
      escalateTo: ["pager"]
    }
    const member = (fingerprint: string, over: { readonly acknowledged?: boolean; readonly status?: "resolved" } = {}) => ({
      fingerprint,
      severity: "critical",
      status: "firing" as const,
      muted: false,
      acknowledged: false,
      ...over
    })
    const made = makeGroup({ key: "k", route: { id: "r", groupWaitMillis: 0 }, labels: {}, position: 1, now: 0 })
    const minute = 60_000
    const first = look(made, route, [member("usdc")], 0).group!
    const known = look(first, route, [member("usdc", { acknowledged: true })], 10 * minute)
    assert.deepStrictEqual(known.escalate, [])
    // An hour later another one joins, of which nobody knows.
    const both = [member("usdc", { acknowledged: true }), member("dai")]
    const joins = look(known.group!, route, both, 60 * minute)
    assert.deepStrictEqual(joins.escalate, [])
    const early = look(joins.group!, route, both, 69 * minute)
    assert.deepStrictEqual(early.escalate, [])
    assert.strictEqual(early.group!.lookAt, 70 * minute)
    const due = look(early.group!, route, both, 70 * minute)
    assert.deepStrictEqual(
      due.escalate.map(({ fingerprint }) => fingerprint),
      ["dai"]
    )
    const ended = look(due.group!, route, [both[0]!, member("dai", { status: "resolved" })], 80 * minute)
    assert.deepStrictEqual(
      ended.tells.map(({ receivers, resolved, why }) => [why, receivers, resolved.map(({ fingerprint }) => fingerprint)]),
      [
        ["resolved", ["desk"], ["dai"]],
        ["resolved", ["pager"], ["dai"]]
      ]
    )
  })
})
