/** Entry of the hot path's thread: loads the venues' decoders and runs the loop. */
import type { FrameDecoderFactory } from "@evenkeel/domain/market/FrameDecoder"
import { parentPort, workerData } from "node:worker_threads"
import { makeHotPathLoop, runHotPathLoop } from "./HotPathLoop.ts"
import type { HotPathWorkerData } from "./HotPathMemory.ts"

const data = workerData as HotPathWorkerData
const port = parentPort!

const decoders = await Promise.all(
  data.venues.map(async ({ decoder }) => {
    if (decoder === undefined) return undefined
    const module = (await import(decoder.module)) as Readonly<Record<string, FrameDecoderFactory>>
    const factory = module[decoder.export]
    if (factory === undefined) throw new Error(`${decoder.module} exports no ${decoder.export}`)
    return factory
  })
)
runHotPathLoop(
  makeHotPathLoop(
    data,
    decoders,
    (checkpoint) => port.postMessage({ checkpoint }, [checkpoint.buffer]),
    (problem) => port.postMessage({ problem })
  )
)
