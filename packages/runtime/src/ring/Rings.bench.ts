/** The rings against `MessagePort`, the time of a hop between threads, and what a further reader costs. */
import { once } from "node:events"
import { Worker } from "node:worker_threads"
import { type Bench, type BenchResult, interleave, quantile, ratioRow } from "../bench/Bench.ts"
import { Nanoclock } from "../time/Nanoclock.ts"
import type { RingBenchJob } from "./bench.worker.ts"
import { allocateSpscRing, SpscProducer } from "./SpscRing.ts"

const slots = 16_384
const batch = 64

const withWorker = async <A>(use: (worker: Worker, producer: SpscProducer, clock: Nanoclock) => Promise<A>): Promise<A> => {
  const ring = allocateSpscRing(slots, 64)
  const origin = process.hrtime.bigint()
  const worker = new Worker(new URL("./bench.worker.ts", import.meta.url), { workerData: { ring, origin } })
  await once(worker, "message")
  const result = await use(worker, new SpscProducer(ring, 64), new Nanoclock(origin))
  await worker.terminate()
  return result
}

const begin = async (worker: Worker, job: RingBenchJob): Promise<void> => {
  worker.postMessage(job)
  await once(worker, "message")
}

const produce = (producer: SpscProducer, count: number): void => {
  const { float64 } = producer
  let waiting = 0
  for (let n = 0; n < count; n++) {
    let at = producer.claim()
    while (at < 0) {
      producer.publish()
      waiting = 0
      at = producer.claim()
    }
    const f = at >> 3
    float64[f] = n
    float64[f + 1] = n
    float64[f + 2] = n
    float64[f + 3] = n
    float64[f + 4] = n
    float64[f + 5] = n
    float64[f + 6] = n
    float64[f + 7] = n
    producer.commit()
    if (++waiting === batch) {
      producer.publish()
      waiting = 0
    }
  }
  producer.publish()
}

const throughput = () =>
  withWorker(async (worker, producer): Promise<ReadonlyArray<BenchResult>> => {
    const timed = async (job: RingBenchJob, send: () => void): Promise<number> => {
      await begin(worker, job)
      const began = process.hrtime.bigint()
      const done = once(worker, "message")
      send()
      await done
      return Number(process.hrtime.bigint() - began)
    }
    const [port, ring] = await interleave(
      [
        {
          count: 100_000,
          run: (count) =>
            timed({ mode: "port", count }, () => {
              for (let value = 0; value < count; value++) worker.postMessage({ value, a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7 })
            })
        },
        { count: 6_000_000, run: (count) => timed({ mode: "ring", count }, () => produce(producer, count)) }
      ],
      11
    )
    return [ratioRow("SPSC ring, 64-byte records, two threads, against MessagePort", 100, port!, ring!, "ns a message")]
  })

const hop = () =>
  withWorker(async (worker, producer, clock): Promise<ReadonlyArray<BenchResult>> => {
    const perSecond = 100_000
    const count = 10_000
    const p50: Array<number> = []
    const p99: Array<number> = []
    for (let round = 0; round < 43; round++) {
      await begin(worker, { mode: "hop", count })
      const done = once(worker, "message") as Promise<[{ p50: number; p99: number }]>
      const start = clock.now() + 1e6
      for (let n = 0; n < count; n++) {
        const due = start + n * (1e9 / perSecond)
        let now = clock.now()
        while (now < due) now = clock.now()
        const at = producer.claim()
        producer.float64[at >> 3] = now
        producer.commit()
        producer.publish()
      }
      const [measured] = await done
      if (round < 3) continue
      p50.push(measured.p50 / 1000)
      p99.push(measured.p99 / 1000)
    }
    const [middle, tail] = [quantile(p50, 0.5), quantile(p99, 0.5)]
    return [
      {
        name: "ring hop, busy poll, 100k/s offered",
        bar: "p50 ≤ 0.5 µs, p99 ≤ 2 µs",
        measured: `p50 ${middle.toFixed(2)} µs, p99 ${tail.toFixed(2)} µs (medians of ${p50.length} rounds; p99 ${quantile(p99, 0.25).toFixed(2)} to ${quantile(p99, 0.75).toFixed(2)})`,
        met: middle <= 0.5 && tail <= 2,
        figures: { p50Micros: middle, p99Micros: tail }
      }
    ]
  })

export const benches: ReadonlyArray<Bench> = [
  { name: "ring", run: throughput },
  { name: "hop", run: hop }
]
