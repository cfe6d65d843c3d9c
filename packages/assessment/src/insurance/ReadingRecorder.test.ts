import { assert, describe, it } from "@effect/vitest"
import { readingOf, termsOf } from "../../test/support/Covers.ts"
import { ReadingRecorder, waitingMax } from "./ReadingRecorder.ts"

const minutesOf = ({ waiting }: ReadingRecorder) => waiting.map(({ time }) => (time - readingOf(0, 1).time) / 60_000)

describe("ReadingRecorder", () => {
  it("keeps nothing of a coin at its peg, and begins half of the way to the mark", () => {
    const recorder = new ReadingRecorder(termsOf())
    for (let at = 1; at <= 100; at++) recorder.take(readingOf(at, 0.976), "idle")
    assert.deepStrictEqual(minutesOf(recorder), [])
    recorder.take(readingOf(101, 0.974), "idle")
    assert.deepStrictEqual(minutesOf(recorder), [101])
  })

  it("goes on while something counts and for ten minutes after, so that what ends it is seen", () => {
    const recorder = new ReadingRecorder(termsOf({ recoveryPrice: 0.999 }))
    recorder.take(readingOf(1, 0.94), "idle")
    recorder.take(readingOf(2, 0.995), "accruing")
    for (let at = 3; at <= 20; at++) recorder.take(readingOf(at, 1), "idle")
    assert.deepStrictEqual(minutesOf(recorder), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
  })

  it("writes the minutes that an average looks back at", () => {
    const recorder = new ReadingRecorder(termsOf({ condition: "average", minutes: 3 }))
    for (let at = 1; at <= 5; at++) recorder.take(readingOf(at, 0.99), "idle")
    recorder.take(readingOf(6, 0.96), "idle")
    assert.deepStrictEqual(minutesOf(recorder), [4, 5, 6])
  })

  it("loses the oldest, and counts them, when the database is away for too long", () => {
    const recorder = new ReadingRecorder(termsOf())
    for (let at = 1; at <= 1440; at++) recorder.take(readingOf(at, 0.9), "idle")
    assert.strictEqual(recorder.lost, 0)
    for (let at = 1; at <= 3; at++) recorder.take({ ...readingOf(1439, 0.9), time: readingOf(1440, 1).time }, "idle")
    assert.strictEqual(recorder.lost, 3)
    assert.lengthOf(recorder.waiting, waitingMax)
  })

  it("keeps nothing outside the cover's period", () => {
    const recorder = new ReadingRecorder(termsOf({ until: "2030-01-07T00:02:00Z" }))
    for (let at = 0; at <= 5; at++) recorder.take(readingOf(at, 0.9), "idle")
    assert.deepStrictEqual(minutesOf(recorder), [1, 2])
  })
})
