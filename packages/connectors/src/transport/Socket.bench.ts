/** From a socket to a record: messages in a second of this thread's processor time, against `ws` with `JSON.parse`. */
import { FrameOutcome } from "@evenkeel/domain/market/FrameDecoder"
import { type Bench, type BenchResult, interleave, quantile, speedup } from "@evenkeel/runtime/bench/Bench"
import { once } from "node:events"
import { Worker } from "node:worker_threads"
import { WebSocket } from "ws"
import { decoderOf, samples } from "../exchange/Decoders.bench.ts"

/** The usual frames of each venue, in turns. */
const frames = samples.map(({ frame }) => frame)

const socket = async (): Promise<ReadonlyArray<BenchResult>> => {
  const worker = new Worker(new URL("./socket.bench.worker.ts", import.meta.url), { workerData: { frames } })
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
    /** Nanoseconds of this thread's processor time for `count` messages. */
    const run = async (count: number): Promise<number> => {
      left = count
      const done = new Promise<void>((resolve) => {
        finish = resolve
      })
      const before = process.threadCpuUsage()
      client.send(String(count))
      await done
      const used = process.threadCpuUsage(before)
      return (used.user + used.system) * 1000
    }
    return { run, client }
  }

  const ready = samples.map(decoderOf)
  let sum = 0
  let plainNext = 0
  let ownNext = 0
  const ring = new Uint8Array(1 << 16)
  const turn = (next: number) => (next === 0 ? samples.length - 1 : next - 1)
  // What one gets without a thought: the library's defaults.
  const plain = await open({}, (data) => {
    plainNext = turn(plainNext)
    sum += samples[plainNext]!.plain(JSON.parse(data.toString()) as never)
  })
  const ours = await open({ perMessageDeflate: false, skipUTF8Validation: true }, (data) => {
    ownNext = turn(ownNext)
    // As live: one copy into the ring, decoded where it lies.
    ring.set(data)
    if (ready[ownNext]!.decode(ring, 0, data.length) !== FrameOutcome.market) throw new Error("a frame was not decoded")
  })
  const count = 150_000
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
  if (Number.isNaN(sum)) throw new Error("nothing arrived")
  const { high, low, median } = speedup(parsed!, decoded!)
  const perSecond = (nanos: ReadonlyArray<number>) => `${(1e3 / quantile(nanos, 0.5)).toFixed(2)}M`
  return [
    {
      name: "socket to record through ws, messages per CPU second",
      bar: "≥ 2.5x",
      measured: `${median.toFixed(2)}x (${low.toFixed(2)} to ${high.toFixed(2)}): ${perSecond(decoded!)} against ${perSecond(parsed!)}`,
      met: median >= 2.5,
      figures: { ratio: median, ownNanos: quantile(decoded!, 0.5), baselineNanos: quantile(parsed!, 0.5) }
    }
  ]
}

export const benches: ReadonlyArray<Bench> = [{ name: "socket", run: socket }]
