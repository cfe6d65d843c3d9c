/** Captures through the hot path, as each venue sends them: packed, merged by REST, in its own spelling. */
import { assert, describe, it } from "@effect/vitest"
import { recordSession } from "@evenkeel/connectors/simulated/Session"
import { scenarios } from "@evenkeel/connectors/simulated/Scenario"
import { venueIds } from "@evenkeel/domain/market/Venue"
import { symbolOf } from "@evenkeel/connectors/simulated/Symbols"
import { CaptureReplay } from "./CaptureReplay.ts"

describe("CaptureReplay", () => {
  it.each(venueIds)("%s: builds the book of what was recorded", (venue) => {
    const instruments = [{ venue, symbol: symbolOf[venue]("USDC", "USDT"), base: "USDC", quote: "USDT" }]
    const replay = new CaptureReplay(venue, recordSession({ venue, instruments, scenario: scenarios.calm(), seed: 2, frames: 200 }))
    while (replay.feed(1000, () => {}) > 0);
    const book = replay.local.hotPath.book(0)
    assert.isAbove(book.count(0), 0)
    assert.isAbove(book.count(1), 0)
    assert.isBelow(book.price(0, 0), book.price(1, 0))
  })
})
