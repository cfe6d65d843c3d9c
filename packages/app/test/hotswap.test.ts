/** Models change under a market of 100,000 ticks a second: no tick is lost, and every probability is one that a model said. */
import { assert, describe, it } from "@effect/vitest"
import { Counters, venueCounters } from "@evenkeel/detection/hotpath/Counters"
import { Venues } from "@evenkeel/connectors/exchange/Venues"
import { coinState, horizonsMinutes, instrumentState, signalBytes, stateFields } from "@evenkeel/detection/hotpath/SignalRecord"
import { ModelPublisher } from "@evenkeel/detection/model/ModelMemory"
import { allocateHotPathMemory, type HotPathWorkerData } from "@evenkeel/detection/host/HotPathMemory"
import { hotPathEntry } from "@evenkeel/detection/host/HotPathThreads"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { sourceIds } from "@evenkeel/domain/market/Venue"
import { sigmoid } from "@evenkeel/learning/logistic/LogisticRegression"
import type { Model } from "@evenkeel/learning/model/Model"
import { FrameProducer, frameOffsets } from "@evenkeel/runtime/ring/FrameRing"
import { closeRing, spinThenSleep } from "@evenkeel/runtime/ring/RingHeader"
import { SpscConsumer } from "@evenkeel/runtime/ring/SpscRing"
import { StateTable } from "@evenkeel/runtime/ring/StateTable"
import { Effect } from "effect"
import { once } from "node:events"
import { setImmediate } from "node:timers/promises"
import { Worker } from "node:worker_threads"

const ticks = 200_000
const perMilli = 100
const barMillis = 5
/** Ticks between two new models. */
const swapEvery = 2000
const oddsOf = (version: number) => -4 + (version % 16) * 0.5

/** Its probabilities tell its version. */
const modelOf = (version: number): Model => ({
  features: ["distance_bps"],
  scaler: { scales: Float64Array.of(1), means: Float64Array.of(0), deviations: Float64Array.of(1) },
  heads: horizonsMinutes.map((horizonMinutes) => ({
    label: "onset" as const,
    horizonMinutes,
    members: [{ kind: "logistic" as const, model: { intercept: oddsOf(version), weights: Float64Array.of(0) } }],
    blend: { kind: "vote" as const, weights: Float64Array.of(1), intercept: 0 },
    calibration: { kind: "platt" as const, curve: { slope: 1, intercept: 0 } },
    interval: { scores: Float64Array.of(0), low: Float64Array.of(0), high: Float64Array.of(1) }
  }))
})

describe("hot swap", () => {
  it("publishes a hundred models under 100,000 ticks a second, loses no tick and mixes no two models", { timeout: 60_000 }, async () => {
    const venue = sourceIds.indexOf("binance")
    const memory = allocateHotPathMemory({ coins: 2, instruments: 1, venues: sourceIds.length, framesBytes: 1 << 26, signalSlots: 1 << 12 })
    const data: HotPathWorkerData = {
      memory,
      options: {
        coins: [coinOf("USDC")!, coinOf("USDT")!],
        instruments: [{ venue: "binance", symbol: "USDCUSDT", base: "USDC", quote: "USDT" }],
        barMillis,
        scoreGapMillis: Number.POSITIVE_INFINITY
      },
      venues: Effect.runSync(Venues).threadSources,
      wait: spinThenSleep,
      origin: process.hrtime.bigint(),
      quietUntil: 0,
      skipFrame: false,
      levels: [],
      checkpoint: undefined
    }
    const worker = new Worker(hotPathEntry, { workerData: data })
    const ended = once(worker, "exit")
    const frames = new FrameProducer(memory.frames)
    const signals = new SpscConsumer(memory.signals, signalBytes)
    const state = new StateTable(memory.state, stateFields)
    const publisher = new ModelPublisher(memory.models)
    const texts = Array.from({ length: 64 }, (_, n) => {
      const bid = (0.9999 + (n % 7) * 1e-5).toFixed(5)
      return Buffer.from(
        `{"stream":"usdcusdt@bookTicker","data":{"u":${1e6 + n},"s":"USDCUSDT","b":"${bid}000","B":"67213.00000000","a":"1.00010000","A":"31994.00000000"}}`
      )
    })
    const row = new Float64Array(stateFields)
    const versions = new Set<number>()
    let published = 0
    let full = 0
    const look = () => {
      while (signals.peek() >= 0) signals.advance()
      if (!state.read(0, row) || row[coinState.modelVersion]! === 0) return
      const version = row[coinState.modelVersion]!
      versions.add(version)
      for (let horizon = 0; horizon < horizonsMinutes.length; horizon++) {
        assert.closeTo(row[coinState.probabilities + horizon]!, sigmoid(oddsOf(version)), 1e-6)
      }
    }

    const began = performance.now()
    const startsAt = 1_700_000_000_000
    for (let tick = 0; tick < ticks; tick++) {
      const payload = texts[tick % texts.length]!
      let at = frames.claim(payload.length)
      while (at < 0) {
        full++
        await setImmediate()
        at = frames.claim(payload.length)
      }
      frames.bytes[at + frameOffsets.source] = FrameSource.socket
      frames.bytes[at + frameOffsets.venue] = venue
      frames.bytes[at + frameOffsets.sampled] = 0
      frames.uint16[(at + frameOffsets.connection) >> 1] = 0
      frames.int32[(at + frameOffsets.instrument) >> 2] = -1
      frames.float64[(at + frameOffsets.received) >> 3] = startsAt + tick / perMilli
      frames.bytes.set(payload, at + frameOffsets.payload)
      frames.commit()
      if (tick % swapEvery === 0) {
        frames.publish()
        while (!publisher.free) await setImmediate()
        assert.isUndefined(publisher.publish(modelOf(published + 1), ++published))
      }
      if (tick % perMilli !== perMilli - 1) continue
      frames.publish()
      look()
      // One batch a millisecond, as near as a shared core allows.
      while (performance.now() - began < tick / perMilli) await setImmediate()
    }
    frames.publish()
    closeRing(new Int32Array(memory.frames, 0, 128))
    while (worker.threadId > 0) {
      look()
      await setImmediate()
    }
    await ended
    look()
    const counters = new Counters(new Uint32Array(memory.counters), sourceIds.length)
    assert.strictEqual(counters.ofVenue(venue, venueCounters.indexOf("market")), ticks)
    assert.isTrue(state.read(2, row))
    assert.strictEqual(row[instrumentState.events], ticks)
    assert.strictEqual(full, 0)
    assert.strictEqual(published, ticks / swapEvery)
    assert.isAbove(versions.size, 3)
  })
})
