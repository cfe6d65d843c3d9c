import { assert, describe, it } from "@effect/vitest"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { staleReasonCode, staleReasons } from "@evenkeel/domain/market/MarketRecord"
import { allocateSpscRing, SpscConsumer, SpscProducer } from "@evenkeel/runtime/ring/SpscRing"
import { allocateStateTable, StateTable } from "@evenkeel/runtime/ring/StateTable"
import { candleMarket, startsAt } from "../../test/support/Candles.ts"
import { States } from "../host/States.ts"
import { counterBytes, Counters } from "../hotpath/Counters.ts"
import { Market, time } from "../hotpath/Market.ts"
import { signalBytes, signalIntegers, SignalKind, stateFields } from "../hotpath/SignalRecord.ts"
import { Signals } from "../hotpath/Signals.ts"
import { BookHealth } from "./BookHealth.ts"

const setup = () => {
  const ring = allocateSpscRing(16, signalBytes)
  const consumer = new SpscConsumer(ring, signalBytes)
  const producer = new SpscProducer(ring, signalBytes)
  const counters = new Counters(new Uint32Array(counterBytes(2) / 4), 2)
  const rows = allocateStateTable(5, stateFields)
  const market = new Market(candleMarket)
  const signals = new Signals(market, producer, new StateTable(rows, stateFields), counters, () => 0)
  const books = new BookHealth(market, signals, counters)
  const states = new States(rows, candleMarket.coins, ["kraken", "binance"])
  market.times[time.now] = startsAt
  /** A book of one level a side, committed; whether it is good. */
  const commit = (instrument: number, bid: number, ask: number) => {
    const track = market.instruments[instrument]!
    track.book.clear()
    track.book.set(0, bid, 1)
    track.book.set(1, ask, 1)
    const good = books.commit(track)
    signals.writeInstrument(instrument)
    return good
  }
  /** Books that were asked for since the last call: their instruments and why. */
  const asked = () => {
    signals.flushPending()
    producer.publish()
    const found: Array<readonly [instrument: number, reason: string]> = []
    for (let at = consumer.peek(); at >= 0; at = consumer.peek()) {
      const integer = (index: number) => consumer.int32[(at >> 2) + index]!
      if (integer(signalIntegers.kind) === SignalKind.resync)
        found.push([integer(signalIntegers.instrument), staleReasons[integer(signalIntegers.reason)]!])
      consumer.advance()
    }
    consumer.release()
    return found
  }
  const bookOf = (instrument: number) => {
    const { book, staleReason } = states.instrument(instrument)!
    return { book, staleReason }
  }
  return { asked, bookOf, books, commit, market }
}

describe("BookHealth", () => {
  it("calls a book good once it is committed, and asks for nothing", () => {
    const { asked, bookOf, commit } = setup()
    assert.isTrue(commit(0, 0.9999, 1.0001))
    assert.deepStrictEqual(bookOf(0), { book: "good", staleReason: null })
    assert.deepStrictEqual(asked(), [])
  })

  it("serves no crossed book, and asks for it anew", () => {
    const { asked, bookOf, commit } = setup()
    assert.isFalse(commit(0, 1.0002, 1.0001))
    assert.deepStrictEqual(bookOf(0), { book: "stale", staleReason: "crossed" })
    assert.deepStrictEqual(asked(), [[0, "crossed"]])
  })

  it("asks again for a book that stays stale, ten seconds later and not before, and no more once it is good", () => {
    const { asked, books, commit, market } = setup()
    books.stale(market.instruments[0]!, staleReasonCode("gap"))
    assert.deepStrictEqual(asked(), [[0, "gap"]])
    market.times[time.now] = startsAt + 9_999
    books.askAgain()
    assert.deepStrictEqual(asked(), [])
    market.times[time.now] = startsAt + 10_000
    books.askAgain()
    assert.deepStrictEqual(asked(), [[0, "gap"]])
    assert.isTrue(commit(0, 0.9999, 1.0001))
    market.times[time.now] = startsAt + 60_000
    books.askAgain()
    assert.deepStrictEqual(asked(), [])
  })

  it("distrusts the books of the connection that lost a frame, and no others", () => {
    const { asked, bookOf, books, commit, market } = setup()
    for (const instrument of [0, 1, 2]) commit(instrument, 0.9999, 1.0001)
    market.instruments[1]!.connection = 1
    market.connection = 0
    books.interrupted(0, FrameSource.lost)
    assert.deepStrictEqual(
      [0, 1, 2].map((instrument) => bookOf(instrument).book),
      ["stale", "good", "good"]
    )
    assert.deepStrictEqual(asked(), [[0, "lost-frame"]])
  })

  it("leaves a book to its connector while the connection is gone", () => {
    const { asked, bookOf, books, commit } = setup()
    commit(0, 0.9999, 1.0001)
    books.interrupted(0, FrameSource.disconnected)
    assert.deepStrictEqual(bookOf(0), { book: "stale", staleReason: "disconnected" })
    assert.deepStrictEqual(asked(), [])
  })
})
