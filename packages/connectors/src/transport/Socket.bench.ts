/** From a socket to a record: messages in a second of this thread's processor time, against `ws` with `JSON.parse`. */
import { FrameOutcome } from "@evenkeel/domain/market/FrameDecoder"
import { type Bench, type BenchResult, interleave, quantile, speedup } from "@evenkeel/runtime/bench/Bench"
import { WordCopy } from "@evenkeel/runtime/ring/WordCopy"
import { once } from "node:events"
import { Worker } from "node:worker_threads"
import { WebSocket } from "ws"
import { decoderOf, type Sample, samples } from "../exchange/Decoders.bench.ts"

const count = 60_000

/** One stream of one kind of message: nanoseconds of this thread's processor time a message, by round, of both ways. */
const stream = async (sample: Sample): Promise<readonly [parsed: ReadonlyArray<number>, decoded: ReadonlyArray<number>]> => {
  const worker = new Worker(new URL("./socket.bench.worker.ts", import.meta.url), { workerData: { frames: [sample.frame] } })
  const [port] = (await once(worker, "message")) as [number]
  const open = async (options: object, onMessage: (data: Buffer) => void) => {
    const client = new WebSocket(`ws://127.0.0.1:${port}`, options)
    await once(client, "open")
    let left = 0
    let finish = () => {}
    client.on("message", (data: Buffer) => {
      onMessage(data)
      if (--left === 0) finish()
    })
    const run = async (messages: number): Promise<number> => {
      left = messages
      const done = new Promise<void>((resolve) => {
        finish = resolve
      })
      const before = process.threadCpuUsage()
      client.send(String(messages))
      await done
      const used = process.threadCpuUsage(before)
      return (used.user + used.system) * 1000
    }
    return { run, client }
  }
  const decoder = decoderOf(sample)
  const memory = new SharedArrayBuffer(1 << 16)
  const ring = new Uint8Array(memory)
  const words = new Int32Array(memory)
  const copier = new WordCopy()
  let sum = 0
  // What one gets without a thought: the library's defaults.
  const plain = await open({}, (data) => {
    sum += sample.plain(JSON.parse(data.toString()) as never)
  })
  const ours = await open({ perMessageDeflate: false, skipUTF8Validation: true }, (data) => {
    // As live: one copy into the ring, decoded where it lies.
    copier.copy(data, ring, words, 0)
    if (decoder.decode(ring, 0, data.length) !== FrameOutcome.market) throw new Error("a frame was not decoded")
  })
  const [parsed, decoded] = await interleave(
    [
      { count, run: plain.run },
      { count, run: ours.run }
    ],
    9
  )
  plain.client.terminate()
  ours.client.terminate()
  await worker.terminate()
  if (Number.isNaN(sum)) throw new Error("nothing was parsed")
  return [parsed!, decoded!]
}

const socket = async (): Promise<ReadonlyArray<BenchResult>> => {
  const parsed: Array<number> = []
  const decoded: Array<number> = []
  const ratios: Array<string> = []
  for (const sample of samples) {
    const [baseline, own] = await stream(sample)
    ratios.push(`${sample.name} ${speedup(baseline, own).median.toFixed(1)}x`)
    baseline.forEach((nanos, round) => (parsed[round] = (parsed[round] ?? 0) + nanos / samples.length))
    own.forEach((nanos, round) => (decoded[round] = (decoded[round] ?? 0) + nanos / samples.length))
  }
  const { high, low, median } = speedup(parsed, decoded)
  const perSecond = (nanos: ReadonlyArray<number>) => `${(1e3 / quantile(nanos, 0.5)).toFixed(2)}M`
  return [
    {
      name: "socket to record through ws, messages per CPU second, five streams",
      bar: "≥ 2.5x",
      measured: `${median.toFixed(2)}x (${low.toFixed(2)} to ${high.toFixed(2)}): ${perSecond(decoded)} against ${perSecond(parsed)}; ${ratios.join(", ")}`,
      met: median >= 2.5,
      figures: { ratio: median, ownNanos: quantile(decoded, 0.5), baselineNanos: quantile(parsed, 0.5) }
    }
  ]
}

export const benches: ReadonlyArray<Bench> = [{ name: "socket", run: socket }]
