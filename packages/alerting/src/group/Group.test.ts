/** What Alertmanager's worked examples do not show of a group; those are in `test/alertmanager.test.ts`. */
import { assert, describe, it } from "@effect/vitest"
import { makeNotices } from "../../test/support/Notices.ts"

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
})
