import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { isWithin, TimeInterval } from "./TimeInterval.ts"

const decode = Schema.decodeUnknownSync(TimeInterval)
const within = (interval: unknown, time: string) => isWithin([decode(interval)], Date.parse(time))

describe("TimeInterval", () => {
  it("holds where every field that it has holds", () => {
    const lunch = { times: [{ start: "12:00", end: "13:30" }], weekdays: ["monday:friday"], months: ["november:december"], years: ["2026"] }
    assert.isTrue(within(lunch, "2026-11-25T12:00:00Z"))
    assert.isFalse(within(lunch, "2026-11-25T13:30:00Z"))
    assert.isFalse(within(lunch, "2026-11-28T12:00:00Z"))
    assert.isFalse(within(lunch, "2026-10-26T12:00:00Z"))
    assert.isFalse(within(lunch, "2027-11-25T12:00:00Z"))
    assert.isTrue(within({}, "2026-11-25T12:00:00Z"))
  })

  it("counts days from the month's end, whatever its length", () => {
    const last = { daysOfMonth: ["-2:-1"] }
    for (const [day, expected] of [
      ["2026-02-26", false],
      ["2026-02-27", true],
      ["2026-02-28", true],
      ["2028-02-28", true],
      ["2026-03-30", true],
      ["2026-03-29", false]
    ] as const)
      assert.strictEqual(within(last, `${day}T00:00:00Z`), expected, day)
    assert.isTrue(within({ daysOfMonth: ["25:-1"] }, "2026-02-28T00:00:00Z"))
  })

  it("goes by the clock of its place, over the change of the hour too", () => {
    const morning = { times: [{ start: "08:00", end: "09:00" }], location: "Europe/Zurich" }
    assert.isTrue(within(morning, "2026-01-15T07:30:00Z"))
    assert.isTrue(within(morning, "2026-07-15T06:30:00Z"))
    assert.isFalse(within(morning, "2026-07-15T07:30:00Z"))
    assert.isTrue(within({ times: [{ start: "23:00", end: "24:00" }] }, "2026-07-15T23:59:59Z"))
  })

  it("holds in the span of one name or number alone", () => {
    assert.isTrue(within({ weekdays: ["saturday", "sunday"] }, "2026-11-28T00:00:00Z"))
    assert.isTrue(within({ months: ["1:3", "november"] }, "2026-11-28T00:00:00Z"))
  })

  it("refuses what no calendar has", () => {
    for (const interval of [
      { times: [{ start: "09:00", end: "08:00" }] },
      { times: [{ start: "9:00", end: "10:00" }] },
      { times: [{ start: "09:00", end: "24:01" }] },
      { weekdays: ["friday:monday"] },
      { weekdays: ["funday"] },
      { daysOfMonth: ["0"] },
      { daysOfMonth: ["-1:5"] },
      { daysOfMonth: ["1:2:3"] },
      { months: ["13"] },
      { years: ["2030:2027"] },
      { location: "Mars/Olympus" }
    ])
      assert.throws(() => decode(interval), undefined, undefined, JSON.stringify(interval))
  })
})
