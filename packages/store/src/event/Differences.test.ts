import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { layerMemoryDatabase } from "../../test/support/MemoryDatabase.ts"
import { differencesOf, hasFirstLog, type Row } from "./Differences.ts"

const rows = (all: Readonly<Record<string, Row>>) => new Map(Object.entries(all))

it("names rows that differ by their columns, that are missing, and that no fact speaks of", () => {
  const expected = rows({ a: { level: "critical", endsAt: null }, b: { level: "watch", endsAt: 1 }, c: { level: "watch", endsAt: 1 } })
  const found = rows({ a: { level: "watch", endsAt: 2 }, c: { level: "watch", endsAt: 1 }, d: { level: "watch", endsAt: 1 } })
  const differ = ["alert a has another level than the log", "alert a has another endsAt than the log", "alert b is missing"]
  assert.deepStrictEqual(differencesOf("alert", expected, found), [...differ, "alert d is not in the log"])
  assert.deepStrictEqual(differencesOf("alert", expected, found, true), differ)
  assert.deepStrictEqual(differencesOf("alert", expected, expected), [])
})

it.live(
  "a log that began with the present version has no first log",
  () => Effect.map(hasFirstLog, assert.isFalse).pipe(Effect.provide(layerMemoryDatabase)),
  30_000
)
