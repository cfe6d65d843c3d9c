/** Entry of the hot path's thread: joins the venues' decoders to the loop. */
import { decoders } from "@evenkeel/connectors/exchange/Decoders"
import type { HotPathWorkerData } from "@evenkeel/detection/thread/HotPathMemory"
import { runHotPathLoop } from "@evenkeel/detection/thread/HotPathLoop"
import type { FrameDecoderFactory } from "@evenkeel/domain/market/FrameDecoder"
import { workerData } from "node:worker_threads"

const byVenue: Readonly<Record<string, FrameDecoderFactory>> = decoders

runHotPathLoop(workerData as HotPathWorkerData, (venue) => byVenue[venue])
