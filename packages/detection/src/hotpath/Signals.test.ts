import { assert, describe, it } from "@effect/vitest"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { listedPayload } from "@evenkeel/domain/market/Instrument"
import { frameHeaderBytes, frameOffsets } from "@evenkeel/runtime/ring/FrameRing"
import { allocateSpscRing, SpscConsumer, SpscProducer } from "@evenkeel/runtime/ring/SpscRing"
import { allocateStateTable, StateTable } from "@evenkeel/runtime/ring/StateTable"
import { candle, candleMarket, minute, startsAt } from "../../test/support/Candles.ts"
import { viewOf } from "../host/LocalHotPath.ts"
import { States } from "../host/States.ts"
import { counterBytes, Counters, engineCounters } from "./Counters.ts"
import { HotPath } from "./HotPath.ts"
import { readLevelChange } from "./LevelChanges.ts"
import { Market, venuesMax } from "./Market.ts"
import { signalBytes, signalFields, signalIntegers, SignalKind, stateFields } from "./SignalRecord.ts"

const slots = 8

/** A hot path whose signals ring has room for few records. */
const setup = () => {
  const ring = allocateSpscRing(slots, signalBytes)
  const producer = new SpscProducer(ring, signalBytes)
  const consumer = new SpscConsumer(ring, signalBytes)
  const counts = new Uint32Array(counterBytes(2) / 4)
  const rows = allocateStateTable(6, stateFields)
  const state = new StateTable(rows, stateFields)
  const states = new States(rows, candleMarket.coins, ["kraken", "binance"])
  const hotPath = new HotPath({ ...candleMarket, spareInstruments: 1 }, state, producer, counts, () => 0)
  const buffer = new ArrayBuffer(256)
  const view = viewOf(buffer)
  const process = (source: FrameSource, instrument: number, received: number, payload: Uint8Array) => {
    view.bytes[frameOffsets.source] = source
    view.bytes[frameOffsets.venue] = 0
    view.int32[frameOffsets.instrument >> 2] = instrument
    view.int32[frameOffsets.payloadBytes >> 2] = payload.length
    view.float64[frameOffsets.received >> 3] = received
    view.bytes.set(payload, frameHeaderBytes)
    hotPath.process(view, 0)
    producer.publish()
  }
  const feed = (minutes: number, usdc: number) => {
    const { payload, received, source } = candle(0, startsAt + minutes * minute, usdc)
    process(source, 0, received, payload)
  }
  /** Reads everything that is there; level changes and listed pairs in words. */
  const drain = () => {
    const changes: Array<string> = []
    for (let at = consumer.peek(); at >= 0; at = consumer.peek()) {
      if (consumer.int32[(at >> 2) + signalIntegers.kind] === SignalKind.levelChange) {
        const change = readLevelChange(consumer.float64, consumer.int32, at, candleMarket.coins, ["kraken", "binance"])
        changes.push(`${change.coin} ${change.previous} → ${change.level}`)
      }
      if (consumer.int32[(at >> 2) + signalIntegers.kind] === SignalKind.listed) {
        const [instrument, base, quote] = [signalIntegers.instrument, signalIntegers.base, signalIntegers.quote].map(
          (index) => consumer.int32[(at >> 2) + index]
        )
        changes.push(`${instrument} is a pair of ${base} and ${quote}`)
      }
      consumer.advance()
    }
    consumer.release()
    return changes
  }
  return { counts, drain, feed, process, states }
}

describe("Signals", () => {
  it("keeps level changes that find the ring full, and writes them in one step once there is room", () => {
    const { counts, drain, feed } = setup()
    for (let n = 0; n < 60; n++) {
      feed(n, 1 + (n % 2) * 1e-5)
      drain()
    }
    // Nobody reads: the ring fills with scores, then the coin breaks.
    for (let n = 60; n < 75; n++) feed(n, 1 + (n % 2) * 1e-5)
    assert.isAbove(new Counters(counts, 2).ofEngine(engineCounters.indexOf("scoresDropped")), 0)
    for (let n = 75; n < 80; n++) feed(n, 0.98 + (n % 2) * 1e-5)
    assert.deepStrictEqual(drain(), [], "what stood in the ring were scores")
    feed(80, 0.98)
    assert.deepStrictEqual(drain(), ["USDC normal → critical"], "from the level that was last written to the one that stands")
  })

  it("has a coin's evidence and a pair's distance from the fair values in the state table", () => {
    const { drain, feed, states } = setup()
    for (let n = 0; n < 60; n++) {
      feed(n, 0.9995 + (n % 2) * 1e-5)
      drain()
    }
    const { baselineBps, score } = states.coin(0)!.detectors
    assert.closeTo(baselineBps!, -5, 0.2)
    assert.isBelow(Math.abs(score!), 3)
    const { book, errorBps, pool, residualBps, staleReason, supply } = states.instrument(0)!
    assert.deepStrictEqual({ book, pool, staleReason, supply }, { book: "none", pool: null, staleReason: null, supply: null })
    assert.isAbove(errorBps!, 0)
    assert.isBelow(Math.abs(residualBps!), 1)
  })

  it("keeps a listed pair that finds the ring full", () => {
    const { drain, feed, process } = setup()
    for (let n = 0; n < 15; n++) feed(n, 1 + (n % 2) * 1e-5)
    const free = candleMarket.instruments.length
    const listed = listedPayload({ venue: "kraken", symbol: "USDC/CHF", base: "USDC", quote: "CHF" })
    process(FrameSource.listed, free, startsAt + 15 * minute, listed)
    assert.deepStrictEqual(drain(), [], "what stood in the ring were scores")
    feed(16, 1)
    assert.deepStrictEqual(drain(), [`${free} is a pair of ${candleMarket.coins.findIndex(({ symbol }) => symbol === "USDC")} and -1`])
    feed(17, 1)
    assert.deepStrictEqual(drain(), [])
  })
})

describe("venues", () => {
  const options = (venues: number) => ({
    coins: [coinOf("USDC")!],
    instruments: [],
    venues: Array.from({ length: venues }, (_, n) => ({ id: `v${n}` }))
  })

  it("are refused above the number of bits that a record has for them", () => {
    assert.isOk(new Market(options(venuesMax)))
    assert.throws(() => new Market(options(venuesMax + 1)), "33 venues: at most 32 are possible")
  })

  it("are named rightly up to the last bit", () => {
    const names = Array.from({ length: venuesMax }, (_, n) => `v${n}`)
    const bytes = new ArrayBuffer(signalBytes)
    const float64 = new Float64Array(bytes)
    float64[signalFields.agree] = (1 << 31) | 1
    float64[signalFields.differ] = 1 << 30
    const { venues } = readLevelChange(float64, new Int32Array(bytes), 0, options(0).coins, names)
    assert.deepStrictEqual(venues, { agree: ["v0", "v31"], differ: ["v30"], own: [] })
  })
})
