/**
 * Every decoder against damaged and hostile frames, through the whole hot path: none throws, none leaves a number in a book or a value that
 * cannot be, and after a new connection every book is the venue's again.
 *
 * `FUZZ_FRAMES=1000000` for more mutations than those of every run, `FUZZ_SEED=7` for others.
 */
import { messageIn } from "@evenkeel/connectors/exchange/Exchange"
import { coinbaseExchange } from "@evenkeel/connectors/exchange/Exchanges"
import { scenarios } from "@evenkeel/connectors/simulated/Scenario"
import { priceMax } from "@evenkeel/detection/book/OrderBook"
import { venueCounters } from "@evenkeel/detection/hotpath/Counters"
import { instrumentState, stateFields } from "@evenkeel/detection/hotpath/SignalRecord"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { venueIds } from "@evenkeel/domain/market/Venue"
import { Random } from "@evenkeel/learning/data/Random"
import { assert, describe, it } from "@effect/vitest"
import { builtIn, coins, type ConformingVenue, instrumentsOf, localHotPath } from "./support/ConnectedVenue.ts"
import { localVenue } from "./support/LocalVenue.ts"

const subjects: ReadonlyArray<readonly [string, ConformingVenue]> = [
  ...venueIds.map((id) => [id, builtIn(id)] as const),
  ["Coinbase Exchange", builtIn("coinbase", coinbaseExchange)]
]
/** Coinbase's two feeds have one decoder. */
const decodersFuzzed = subjects.length - 1
const mutations = Number(process.env["FUZZ_FRAMES"] ?? 300_000)
const seed = Number(process.env["FUZZ_SEED"] ?? 11)

/** What a number, a text or a list may not be, and what looks like one. */
const hostile = [
  "1.5e308",
  "1e999",
  "-1",
  "-0",
  "1e-320",
  "NaN",
  "Infinity",
  "null",
  "true",
  "[]",
  "{}",
  '""',
  '"',
  "\\u0000",
  "\\",
  "1e15",
  "99999999999999999999",
  `0.${"3".repeat(320)}`,
  `0.${"0".repeat(40)}1`,
  "7".repeat(310),
  `"${"x".repeat(300)}"`,
  "[[[[[[[[",
  "]]]]",
  "}}}}",
  ",,",
  "1970-01-01T00:00:00Z",
  "0x10",
  "1_000",
  "١٢"
].map((text) => new TextEncoder().encode(text))

const isNumeral = (byte: number): boolean => (byte >= 0x30 && byte <= 0x39) || byte === 0x2e || byte === 0x2d

/** Puts `what` in the place of `frame[from, to)`. */
const spliced = (frame: Uint8Array, from: number, to: number, what: Uint8Array): Uint8Array => {
  const result = Buffer.allocUnsafe(frame.length - (to - from) + what.length)
  result.set(frame.subarray(0, from))
  result.set(what, from)
  result.set(frame.subarray(to), from + what.length)
  return result
}

/** The frame with one thing wrong. */
const mutated = (frame: Uint8Array, other: Uint8Array, random: Random): Uint8Array => {
  const at = random.below(frame.length + 1)
  const length = random.below(random.uniform() < 0.8 ? 8 : frame.length)
  const end = Math.min(frame.length, at + length)
  switch (random.below(7)) {
    case 0: {
      const copy = Buffer.from(frame)
      for (let byte = at; byte < Math.min(frame.length, at + 3); byte++) copy[byte] = random.below(256)
      return copy
    }
    case 1:
      return Buffer.from(frame.subarray(0, at))
    case 2:
      return spliced(frame, at, end, new Uint8Array(0))
    case 3:
      return spliced(frame, at, at, frame.subarray(at, end))
    case 4:
      return spliced(frame, at, end, other.subarray(Math.min(at, other.length), Math.min(end, other.length)))
    case 5:
      return spliced(frame, at, at, hostile[random.below(hostile.length)]!)
    default: {
      // A whole number becomes another: the frame around it stays what it was.
      let from = at
      while (from < frame.length && !isNumeral(frame[from]!)) from++
      let to = from
      while (to < frame.length && isNumeral(frame[to]!)) to++
      return spliced(frame, from, to, hostile[random.below(hostile.length)]!)
    }
  }
}

/** What a book may hold: ordered levels of positive, finite numbers. */
const problemOfBook = (local: ReturnType<typeof localHotPath>, instrument: number): string | undefined => {
  const book = local.hotPath.book(instrument)
  for (const side of [0, 1] as const) {
    for (let depth = 0; depth < book.count(side); depth++) {
      const [price, quantity] = [book.price(side, depth), book.quantity(side, depth)]
      if (!(price > 0 && price < priceMax && quantity > 0 && quantity < 1e30)) return `a level of ${quantity} at ${price}`
      if (depth > 0 && (side === 0 ? price >= book.price(side, depth - 1) : price <= book.price(side, depth - 1)))
        return "levels out of order"
    }
  }
  return undefined
}

const framesKept = 400
const marketStepMillis = 5_000
const checkedEvery = 64
const connectedEvery = 150

describe("a decoder", () => {
  for (const [name, subject] of subjects) {
    it(`of ${name} answers any frame, and goes on`, () => {
      const random = new Random(seed)
      const { exchange } = subject.venue
      const instruments = instrumentsOf(subject)
      const scenario = scenarios.calm()
      let now = scenario.startsAt
      const local = localHotPath(subject)
      const feed = (source: FrameSource, instrument: number, payload: Uint8Array) => {
        local.feed({ source, venue: 0, instrument, received: now, payload })
        local.signals({})
      }
      const good: Array<{ readonly source: FrameSource; readonly instrument: number; readonly payload: Uint8Array }> = []
      const simulated = localVenue({
        exchange,
        dialect: subject.dialect,
        instruments,
        scenario,
        seed: 5,
        now: () => now,
        feed: (source, instrument, message) => {
          const payload = source === FrameSource.socket ? messageIn(exchange, message) : message
          feed(source, instrument, payload)
          if (good.length < framesKept && payload.length > 0) good.push({ source, instrument, payload })
        }
      })
      simulated.connect()
      while (good.length < framesKept) {
        now += marketStepMillis
        simulated.step()
      }
      const share = Math.ceil(mutations / (exchange.id === "coinbase" ? 2 * decodersFuzzed : decodersFuzzed))
      for (let turn = 0; turn < share; turn++) {
        const { instrument, payload, source } = good[turn % good.length]!
        const { payload: other } = good[random.below(good.length)]!
        let frame = mutated(payload, other, random)
        if (random.uniform() < 0.2) frame = mutated(frame, other, random)
        now += 1
        feed(source, instrument, frame)
        // Between damaged frames good ones, and now and then a new connection: a book that is stale takes nothing.
        if (turn % 3 === 0) feed(source, instrument, payload)
        if (turn % connectedEvery === 0) simulated.connect()
        if (turn % checkedEvery === 0) {
          for (const number of instruments.keys()) {
            const problem = problemOfBook(local, number)
            if (problem !== undefined) assert.fail(`${problem} after ${new TextDecoder().decode(frame).slice(0, 1000)}`)
          }
        }
        if (local.counters[venueCounters.indexOf("decoderCrashes")]! > 0)
          assert.fail(`it threw at ${new TextDecoder().decode(frame).slice(0, 1000)}`)
      }
      now += marketStepMillis
      simulated.connect()
      now += marketStepMillis
      simulated.step()
      const row = new Float64Array(stateFields)
      for (const [number, instrument] of simulated.instruments.entries()) {
        const book = local.hotPath.book(number)
        assert.isTrue(local.state.read(coins.length + number, row) && row[instrumentState.book] === 1, "the book is good")
        for (const side of [0, 1] as const)
          assert.deepStrictEqual(
            Array.from({ length: book.count(side) }, (_, depth) => [book.price(side, depth), book.quantity(side, depth)]),
            [...instrument.levels(side)].map(([price, quantity]) => [price, quantity])
          )
      }
    })
  }
})
