/** The other thread of the rings' torture tests and benches: it produces numbered records whose every field can be checked. */
import { parentPort, workerData } from "node:worker_threads"
import { FrameProducer, frameOffsets } from "./FrameRing.ts"
import { SpscProducer } from "./SpscRing.ts"

export interface TortureJob {
  readonly ring: "spsc" | "frame"
  readonly buffer: SharedArrayBuffer
  readonly count: number
  readonly batch: number
}

const { ring, buffer, count, batch } = workerData as TortureJob

if (ring === "spsc") {
  const producer = new SpscProducer(buffer, 64)
  for (let n = 0; n < count; n++) {
    let at = producer.claim()
    while (at < 0) {
      producer.publish()
      at = producer.claim()
    }
    for (let field = 0; field < 8; field++) producer.float64[(at >> 3) + field] = n * 8 + field
    producer.commit()
    if (n % batch === batch - 1) producer.publish()
  }
  producer.close()
} else {
  const producer = new FrameProducer(buffer)
  for (let n = 0; n < count; n++) {
    const length = (n * 7919) % 700
    let at = producer.claim(length)
    while (at < 0) {
      producer.publish()
      at = producer.claim(length)
    }
    producer.float64[(at + frameOffsets.received) >> 3] = n
    producer.bytes.fill(n & 255, at + frameOffsets.payload, at + frameOffsets.payload + length)
    producer.commit()
    if (n % batch === batch - 1) producer.publish()
  }
  producer.close()
}
parentPort?.postMessage("done")
