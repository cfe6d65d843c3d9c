import { assert, describe, it } from "@effect/vitest"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { EventKind, MarketRecord } from "@evenkeel/domain/market/MarketRecord"
import { goodBook } from "../book/BookHealth.ts"
import { Market, time } from "./Market.ts"
import { Seconds } from "./Seconds.ts"
import { instrumentState } from "./SignalRecord.ts"

const second = 1000

/** USDC against dollars on each venue; the mids are set by hand, and each second is looked at four times. */
const setup = (venues: ReadonlyArray<string>) => {
  const market = new Market({
    coins: [coinOf("USDC")!],
    instruments: venues.map((venue) => ({ venue, symbol: "USDC-USD", base: "USDC", quote: "USD" })),
    venues: venues.map((id) => ({ id }))
  })
  const seconds = new Seconds(market)
  const record = new MarketRecord()
  market.times[time.now] = 0
  /** A good book around a deviation, that has just come. */
  const book = (instrument: number, bps: number) => {
    const track = market.instruments[instrument]!
    record.integers.set([EventKind.bookClear, instrument, 0, 0])
    track.book.apply(record)
    record.integers.set([EventKind.bookLevels, instrument, 0, 2])
    const mid = 1 + bps / 1e4
    record.levels.set([0, mid - 1e-5, 1e6, 1, mid + 1e-5, 1e6])
    track.book.apply(record)
    track.row[instrumentState.book] = goodBook
    track.row[instrumentState.received] = market.times[time.now]!
    market.value.observe(track.source, mid, 1, market.times[time.now]!)
  }
  /** Numbers of venues that were said in so many seconds, while `each` comes before every look. */
  const look = (count: number, each: () => void) =>
    Array.from({ length: 4 * count }, () => {
      market.times[time.now] = market.times[time.now]! + second / 4
      each()
      return seconds.look(0)
    }).filter((said) => said > 0)
  return { book, look, market }
}

describe("Seconds", () => {
  it("says so when two books that move have been far below for three seconds", () => {
    const { book, look } = setup(["a", "b", "c"])
    const both = () => {
      book(0, -150)
      book(1, -160)
    }
    assert.deepStrictEqual(look(2, both), [])
    assert.deepStrictEqual(look(2, both), [2])
  })

  it("takes a book that has not moved for five seconds for no sign of a fall, and any fresh price near the peg for a contradiction", () => {
    const { book, look, market } = setup(["a", "b", "c"])
    book(0, -150)
    book(1, -160)
    market.times[time.now] = 6 * second
    assert.deepStrictEqual(
      look(8, () => undefined),
      []
    )
    // The third has no verified book, but a price.
    const trades = () => {
      book(0, -400)
      market.value.observe(2, 1, 3, market.times[time.now]!)
      market.instruments[2]!.lastMid = 1
    }
    assert.deepStrictEqual(look(15, trades), [])
    assert.deepStrictEqual(
      look(20, () => book(0, -400)),
      [1]
    )
  })

  it("asks two readings of a pool", () => {
    const { look, market } = setup(["pool", "other pool"])
    const says = (bps: number) => () => {
      for (const [number, track] of market.instruments.entries()) {
        track.row[instrumentState.sellDepth] = 1e6
        if (track.lastMid !== 1 + bps / 1e4) {
          track.midBefore = track.lastMid
          track.lastMid = 1 + bps / 1e4
        }
        market.value.observe(number, 1 + bps / 1e4, 4, market.times[time.now]!)
      }
    }
    look(1, says(0))
    assert.deepStrictEqual(look(12, says(-150)), [])
    assert.deepStrictEqual(look(12, says(-151)), [2])
  })
})
