/** Entry of the hot path's thread: joins the venues' decoders to the loop. */
import { decoderOf } from "@evenkeel/connectors/exchange/Decoders"
import type { HotPathWorkerData } from "@evenkeel/detection/thread/HotPathMemory"
import { runHotPathLoop } from "@evenkeel/detection/thread/HotPathLoop"
import { workerData } from "node:worker_threads"

runHotPathLoop(workerData as HotPathWorkerData, decoderOf)
