/** The consuming thread of the rings' benches. */
import { parentPort, workerData } from "node:worker_threads"
import { Histogram } from "../telemetry/Histogram.ts"
import { Nanoclock } from "../time/Nanoclock.ts"
import { SpscConsumer } from "./SpscRing.ts"

export interface RingBenchData {
  readonly ring: SharedArrayBuffer
  readonly origin: bigint
}

export type RingBenchJob = { readonly mode: "ring" | "hop" | "port"; readonly count: number }

const { origin, ring } = workerData as RingBenchData
const port = parentPort!
const consumer = new SpscConsumer(ring, 64)
const clock = new Nanoclock(origin)
const float64 = consumer.float64

/** Reads what is there; eight fields a record, as a real consumer would. */
const drain = (): number => {
  let sum = 0
  let read = 0
  for (let at = consumer.peek(); at >= 0; at = consumer.peek()) {
    const f = at >> 3
    sum +=
      float64[f]! +
      float64[f + 1]! +
      float64[f + 2]! +
      float64[f + 3]! +
      float64[f + 4]! +
      float64[f + 5]! +
      float64[f + 6]! +
      float64[f + 7]!
    consumer.advance()
    // Room goes back in batches too.
    if (++read === 256) break
  }
  if (read > 0) consumer.release()
  checksum += sum
  return read
}
const hop = (histogram: Histogram): number => {
  const at = consumer.peek()
  if (at < 0) return 0
  histogram.record(clock.now() - float64[at >> 3]!)
  consumer.advance()
  consumer.release()
  return 1
}

let checksum = 0
let idle = 0
let left = 0
port.on("message", (message: RingBenchJob | { readonly value: number }) => {
  if ("value" in message) {
    checksum += message.value
    if (--left === 0) port.postMessage({ checksum })
    return
  }
  if (message.mode === "port") {
    left = message.count
    port.postMessage("ready")
    return
  }
  port.postMessage("ready")
  let seen = 0
  if (message.mode === "ring") {
    while (seen < message.count) {
      const read = drain()
      // A consumer that looks all the time takes the producer's cache line away all the time.
      if (read === 0) for (let i = 0; i < 200; i++) idle++
      seen += read
    }
    port.postMessage({ checksum, idle })
  } else {
    const histogram = new Histogram()
    while (seen < message.count) seen += hop(histogram)
    port.postMessage({ p50: histogram.quantile(0.5), p99: histogram.quantile(0.99) })
  }
})
port.postMessage("ready")
