import { assert, describe, it } from "@effect/vitest"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { type FrameDecoderFactory, FrameOutcome, FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { listedPayload } from "@evenkeel/domain/market/Instrument"
import { EventKind, staleReasons } from "@evenkeel/domain/market/MarketRecord"
import { frameOffsets } from "@evenkeel/runtime/ring/FrameRing"
import { LocalHotPath } from "../host/LocalHotPath.ts"
import { Counters, type VenueCounter, venueCounters } from "./Counters.ts"
import { coinState, instrumentState } from "./SignalRecord.ts"

/** Frames are `INSTRUMENT PRICE` or `named SYMBOL PRICE`, which makes a good book of one level, `change INSTRUMENT PRICE`, which changes it, or `throw`. */
const makeWordDecoder: FrameDecoderFactory = (symbols, record, sink) => {
  let resets = 0
  const emit = (kind: EventKind, instrument: number) => {
    record.integers[0] = kind
    record.integers[1] = instrument
    sink.accept()
  }
  return {
    decode: (bytes, start, end) => {
      const text = Buffer.from(bytes.slice(start, end)).toString()
      const isChange = text.startsWith("change ")
      const words = text.replace("change ", "").split(" ")
      const [word = "", price = ""] = words[0] === "named" ? [String(symbols.findText(words[1]!)), words[2]] : words
      if (word === "-1") return FrameOutcome.unlisted
      if (word === "throw") throw new RangeError("toFixed() digits argument must be between 0 and 100")
      if (word === "resets") return resets === Number(price) ? FrameOutcome.control : FrameOutcome.malformed
      const instrument = Number(word)
      record.numbers.fill(Number.NaN)
      if (!isChange) emit(EventKind.bookClear, instrument)
      record.integers[3] = 2
      record.levels.set([0, Number(price) - 1e-5, 1e6, 1, Number(price) + 1e-5, 1e6])
      emit(EventKind.bookLevels, instrument)
      emit(EventKind.bookCommit, instrument)
      return FrameOutcome.market
    },
    snapshot: () => {
      throw new Error("bug")
    },
    reset: () => {
      resets++
    }
  }
}

const setup = (spareInstruments = 0) => {
  const local = new LocalHotPath({
    coins: [coinOf("USDC")!, coinOf("DAI")!],
    instruments: [
      { venue: "one", symbol: "USDC", base: "USDC", quote: "USD" },
      { venue: "two", symbol: "DAI", base: "DAI", quote: "USD" }
    ],
    spareInstruments,
    venues: [
      { id: "one", decoder: makeWordDecoder },
      { id: "two", decoder: makeWordDecoder }
    ],
    barMillis: 60_000,
    scoreGapMillis: 0
  })
  const counters = new Counters(local.counters, 2)
  const row = new Float64Array(local.state.fields)
  let time = 1_700_000_000_000
  return {
    local,
    /** Frames that are sent from now on have waited in the ring for so long. */
    waited: (millis: number) => {
      local.claim(64).float64[frameOffsets.published >> 3] = -millis * 1e6
    },
    send: (venue: number, text: string, source: number = FrameSource.socket, instrument = -1) =>
      local.feed({ source: source as FrameSource, venue, instrument, received: (time += 10), payload: Buffer.from(text) }),
    pass: (millis: number) => local.feed({ source: FrameSource.clock, venue: 0, received: (time += millis), payload: new Uint8Array(0) }),
    count: (venue: number, counter: VenueCounter) => counters.ofVenue(venue, venueCounters.indexOf(counter)),
    /** A field of a row of the state table: coins first, then instruments. */
    state: (index: number, field: number) => {
      local.state.read(index, row)
      return row[field]
    },
    signals: () => {
      const seen = { refusals: [] as Array<number>, resyncs: [] as Array<string> }
      local.signals({
        refusal: (outcome) => seen.refusals.push(outcome),
        resync: (instrument, reason) => seen.resyncs.push(`${instrument} ${reason}`)
      })
      return seen
    }
  }
}

describe("Intake", () => {
  it("lets a decoder that throws cost its own connection and nothing else", () => {
    const { count, send, signals, state } = setup()
    send(0, "0 0.999")
    send(1, "1 0.998")
    signals()
    send(0, "throw")
    assert.strictEqual(count(0, "decoderCrashes"), 1)
    assert.strictEqual(count(0, "malformed"), 1)
    assert.strictEqual(count(1, "decoderCrashes"), 0)
    assert.strictEqual(state(2, instrumentState.book), 2, "its book is stale")
    assert.strictEqual(state(3, instrumentState.book), 1, "the other venue's is good")
    assert.deepStrictEqual(signals(), { refusals: [FrameOutcome.malformed], resyncs: ["0 lost-frame"] })
    send(0, "resets 1")
    assert.strictEqual(count(0, "control"), 1, "the decoder was reset, and is asked again")
    send(0, "0 0.997")
    assert.strictEqual(state(2, instrumentState.book), 1)
    assert.closeTo(state(0, coinState.fairValue)!, 0.997, 1e-4)
    assert.closeTo(state(1, coinState.fairValue)!, 0.998, 1e-4)
  })

  it("calls no book good from a frame that waited too long, nor any other of its venue, until frames come in time again", () => {
    const { count, send, signals, state, waited } = setup()
    send(0, "0 0.999")
    send(1, "1 0.998")
    waited(4_999)
    send(0, "0 0.999")
    assert.strictEqual(state(2, instrumentState.book), 1)
    waited(5_001)
    send(0, "17 1")
    assert.strictEqual(state(2, instrumentState.book), 2, "the venue's books are behind")
    assert.strictEqual(state(2, instrumentState.staleReason), staleReasons.indexOf("late"))
    send(0, "0 0.5")
    assert.strictEqual(state(2, instrumentState.book), 2)
    assert.strictEqual(count(0, "late"), 2)
    assert.strictEqual(count(1, "late"), 0)
    assert.strictEqual(state(3, instrumentState.book), 1, "the other venue's is good")
    assert.isEmpty(signals().resyncs, "nothing was lost, so nothing more is asked for")
    waited(0)
    send(0, "0 0.999")
    assert.strictEqual(state(2, instrumentState.book), 1)
  })

  it("calls every book stale while time itself comes late, and asks for those that stay so", () => {
    const { pass, send, signals, state, waited } = setup()
    send(0, "0 0.999")
    send(1, "1 0.998")
    waited(6_000)
    pass(0)
    assert.deepStrictEqual([state(2, instrumentState.book), state(3, instrumentState.book)], [2, 2])
    pass(20_000)
    assert.isEmpty(signals().resyncs, "what asks would wait as well")
    waited(0)
    send(1, "1 0.998")
    pass(10_000)
    assert.deepStrictEqual(signals().resyncs, ["0 late"])
  })

  it("does the same for a snapshot that the decoder throws on", () => {
    const { count, send } = setup()
    send(0, "{}", FrameSource.snapshot, 0)
    assert.strictEqual(count(0, "decoderCrashes"), 1)
  })

  it("counts frames of a kind and of instruments that there are not, and changes nothing", () => {
    const { count, send, signals, state } = setup()
    send(0, "0 0.999")
    send(0, "?", 77)
    send(0, "17 0.5")
    send(0, "?", FrameSource.delisted, 17)
    assert.strictEqual(count(0, "unknown"), 1)
    assert.deepStrictEqual(signals().refusals, [FrameOutcome.unknown])
    assert.closeTo(state(0, coinState.fairValue)!, 0.999, 1e-4)
  })

  it("gives a listed pair a free place once, and takes back what a delisted one said", () => {
    const { count, local, send, state } = setup(1)
    const listed = (symbol: string) => Buffer.from(listedPayload({ venue: "one", symbol, base: "USDC", quote: "DAI" })).toString()
    send(0, listed("USDCDAI"), FrameSource.listed, 2)
    send(0, listed("USDCDAI2"), FrameSource.listed, 2)
    assert.strictEqual(count(0, "control"), 1)
    assert.strictEqual(count(0, "malformed"), 1, "the place is taken")
    send(1, "1 1")
    send(0, "2 0.98")
    assert.closeTo(state(0, coinState.fairValue)!, 0.98, 1e-3)
    assert.strictEqual(local.hotPath.book(2).count(0), 1)
    send(0, "", FrameSource.delisted, 2)
    assert.strictEqual(local.hotPath.book(2).count(0), 0)
    send(0, "0 0.99")
    assert.closeTo(state(0, coinState.fairValue)!, 0.99, 1e-3)
  })

  it("passes over what still comes of a delisted pair, and calls no book of it good before a whole one has come", () => {
    const { send, state } = setup()
    const listed = Buffer.from(listedPayload({ venue: "one", symbol: "USDC", base: "USDC", quote: "USD" })).toString()
    const book = () => state(2, instrumentState.book)
    send(0, "0 1", FrameSource.socket)
    assert.strictEqual(book(), 1)
    send(0, "", FrameSource.delisted, 0)
    send(0, "change 0 0.95", FrameSource.socket)
    assert.strictEqual(book(), 0)
    send(0, listed, FrameSource.listed, 0)
    send(0, "change 0 0.95", FrameSource.socket)
    assert.strictEqual(book(), 0)
    send(0, "0 1", FrameSource.socket)
    assert.strictEqual(book(), 1)
  })

  it("gives the place of a delisted pair to the next, of another venue and coin as well, and knows the first one's name no more", () => {
    const { count, local, send, state } = setup(1)
    const listed = (venue: string, symbol: string, base: string) =>
      Buffer.from(listedPayload({ venue, symbol, base, quote: "USD" })).toString()
    send(0, "0 1")
    send(0, listed("one", "USDC2", "USDC"), FrameSource.listed, 2)
    send(0, "named USDC2 0.99")
    assert.strictEqual(local.hotPath.book(2).count(0), 1)
    send(0, "", FrameSource.delisted, 2)
    send(0, "named USDC2 0.5")
    assert.strictEqual(count(0, "unlisted"), 1)
    send(1, listed("two", "DAI2", "DAI"), FrameSource.listed, 2)
    assert.strictEqual(count(1, "control"), 1)
    send(0, "named USDC2 0.5")
    assert.strictEqual(count(0, "unlisted"), 2)
    send(1, "named DAI2 0.97")
    // A channel that the first one's connection has opened before.
    send(0, "2 0.5")
    send(0, "", FrameSource.delisted, 2)
    assert.closeTo(local.hotPath.book(2).price(0, 0), 0.97, 1e-4)
    send(0, "0 1")
    assert.closeTo(state(0, coinState.fairValue)!, 1, 1e-3)
    assert.closeTo(state(1, coinState.fairValue)!, 0.97, 1e-3)
    send(1, "", FrameSource.delisted, 2)
    send(0, listed("one", "USDC2", "USDC"), FrameSource.listed, 2)
    send(0, "named USDC2 0.98")
    assert.closeTo(local.hotPath.book(2).price(0, 0), 0.98, 1e-4)
  })

  it("takes back a first pair that was delisted", () => {
    const { count, send, state } = setup(1)
    send(0, "", FrameSource.delisted, 0)
    send(0, Buffer.from(listedPayload({ venue: "one", symbol: "USDC", base: "USDC", quote: "USD" })).toString(), FrameSource.listed, 0)
    assert.strictEqual(count(0, "control"), 1)
    send(0, "named USDC 0.97")
    assert.closeTo(state(0, coinState.fairValue)!, 0.97, 1e-3)
  })
})
