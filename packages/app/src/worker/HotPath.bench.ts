/**
 * From a tick's publication in the frames ring to its score read back from the signals ring, through the real hot path's thread: decode,
 * fair value over three venues, features, state and signal, at 100,000 ticks a second.
 */
import { Venues } from "@evenkeel/connectors/exchange/Venues"
import { allocateHotPathMemory, control, type HotPathWorkerData } from "@evenkeel/detection/host/HotPathMemory"
import { hotPathEntry } from "@evenkeel/detection/host/HotPathThreads"
import { signalBytes, signalFields, SignalKind } from "@evenkeel/detection/hotpath/SignalRecord"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { sourceIds } from "@evenkeel/domain/market/Venue"
import { type Bench, type BenchResult, quantile } from "@evenkeel/runtime/bench/Bench"
import { FrameProducer, frameOffsets } from "@evenkeel/runtime/ring/FrameRing"
import { busyPoll } from "@evenkeel/runtime/ring/RingHeader"
import { SpscConsumer } from "@evenkeel/runtime/ring/SpscRing"
import { Histogram } from "@evenkeel/runtime/telemetry/Histogram"
import { Nanoclock } from "@evenkeel/runtime/time/Nanoclock"
import { Effect } from "effect"
import { Worker } from "node:worker_threads"
import { configDefaults } from "../config/EngineConfig.ts"
import { parseInstrument } from "../engine/EngineSetup.ts"

const perSecond = 100_000
const ticksPerRound = 5_000
const rounds = 100
const warmUpRounds = 20

const publishToScore = async (): Promise<ReadonlyArray<BenchResult>> => {
  const coins = configDefaults.coins.flatMap((symbol) => coinOf(symbol) ?? [])
  const instruments = configDefaults.instruments.map(parseInstrument)
  const memory = allocateHotPathMemory({
    coins: coins.length,
    instruments: instruments.length,
    venues: sourceIds.length,
    framesBytes: 1 << 22,
    signalSlots: 1 << 14
  })
  const origin = process.hrtime.bigint()
  const data: HotPathWorkerData = {
    memory,
    options: { coins, instruments, barMillis: 60_000, scoreGapMillis: 0 },
    venues: Effect.runSync(Venues).threadSources,
    wait: busyPoll,
    origin,
    quietUntil: 0,
    skipFrame: false,
    levels: [],
    checkpoint: undefined
  }
  const worker = new Worker(hotPathEntry, { workerData: data })
  const clock = new Nanoclock(origin)
  const frames = new FrameProducer(memory.frames)
  const signals = new SpscConsumer(memory.signals, signalBytes)

  // Each venue's own quote message for each of its instruments, with prices that move.
  const texts = instruments.flatMap(({ symbol, venue }) =>
    Array.from({ length: 32 }, (_, n) => {
      const bid = (0.999 + ((n * 7) % 13) * 1e-5).toFixed(5)
      const ask = (0.9993 + ((n * 5) % 11) * 1e-5).toFixed(5)
      const text =
        venue === "binance"
          ? `{"stream":"${symbol.toLowerCase()}@bookTicker","data":{"u":${1e6 + n},"s":"${symbol}","b":"${bid}000","B":"67213.00000000","a":"${ask}000","A":"31994.00000000"}}`
          : venue === "kraken"
            ? `{"channel":"ticker","type":"update","data":[{"symbol":"${symbol}","bid":${bid},"bid_qty":67213.00000000,"ask":${ask},"ask_qty":31994.00000000,"last":${bid},"volume":1.0,"vwap":1.0,"low":1.0,"high":1.0,"change":0.0,"change_pct":0.0}]}`
            : `{"type":"ticker","sequence":${n},"product_id":"${symbol}","price":"${bid}","open_24h":"1","volume_24h":"1","low_24h":"1","high_24h":"1","volume_30d":"1","best_bid":"${bid}","best_bid_size":"67213.00","best_ask":"${ask}","best_ask_size":"31994.00","side":"buy","time":"2023-03-10T16:43:30.244075Z","trade_id":1,"last_size":"1"}`
      return { bytes: Buffer.from(text), venue: sourceIds.findIndex((id) => id === venue) }
    })
  )
  const send = (tick: number, received: number): void => {
    const { bytes: payload, venue } = texts[(tick * 97) % texts.length]!
    const at = frames.claim(payload.length)
    if (at < 0) throw new Error("the frames ring is full")
    frames.bytes[at + frameOffsets.source] = FrameSource.socket
    frames.bytes[at + frameOffsets.venue] = venue
    frames.bytes[at + frameOffsets.sampled] = 0
    frames.uint16[(at + frameOffsets.connection) >> 1] = 0
    frames.int32[(at + frameOffsets.instrument) >> 2] = -1
    frames.float64[(at + frameOffsets.received) >> 3] = received
    frames.bytes.set(payload, at + frameOffsets.payload)
    frames.float64[(at + frameOffsets.published) >> 3] = clock.now()
    frames.commit()
    frames.publish()
  }
  let scores = 0
  const take = (histogram: Histogram): void => {
    const at = signals.peek()
    if (at < 0) return
    if (signals.int32[at >> 2] === SignalKind.score) {
      scores++
      histogram.record(clock.now() - signals.float64[(at >> 3) + signalFields.published]!)
    }
    signals.advance()
    signals.release()
  }
  const round = (from: number): Histogram => {
    const histogram = new Histogram()
    const start = clock.now() + 1e5
    for (let n = 0; n < ticksPerRound; n++) {
      const due = start + n * (1e9 / perSecond)
      while (clock.now() < due) take(histogram)
      send(from + n, 1.7e12 + (from + n) / 100)
    }
    const deadline = clock.now() + 1e8
    while (histogram.count() < ticksPerRound && clock.now() < deadline) take(histogram)
    return histogram
  }
  // The thread loads decoders first: on a slow machine that takes as long as it takes.
  await Atomics.waitAsync(new Int32Array(memory.control), control.ready, 0).value
  const p50: Array<number> = []
  const p99: Array<number> = []
  for (let n = 0; n < rounds + warmUpRounds; n++) {
    const histogram = round(n * ticksPerRound)
    if (n < warmUpRounds) continue
    p50.push(histogram.quantile(0.5) / 1000)
    p99.push(histogram.quantile(0.99) / 1000)
  }
  // A round that ran out of time left its last scores to the next.
  const rest = new Histogram()
  const deadline = clock.now() + 1e9
  while (scores < (rounds + warmUpRounds) * ticksPerRound && clock.now() < deadline) take(rest)
  await worker.terminate()
  const [middle, tail] = [quantile(p50, 0.5), quantile(p99, 0.5)]
  return [
    {
      name: "tick published to score read back, 100k ticks/s",
      bar: "p50 ≤ 10 µs, p99 ≤ 50 µs",
      measured: `p50 ${middle.toFixed(1)} µs, p99 ${tail.toFixed(1)} µs (p99 ${quantile(p99, 0.25).toFixed(1)} to ${quantile(p99, 0.75).toFixed(1)}); ${scores} of ${(rounds + warmUpRounds) * ticksPerRound} ticks scored`,
      met: middle <= 10 && tail <= 50 && scores === (rounds + warmUpRounds) * ticksPerRound,
      figures: { p50Micros: middle, p99Micros: tail, scores }
    }
  ]
}

export const benches: ReadonlyArray<Bench> = [{ name: "publish-to-score", run: publishToScore }]
