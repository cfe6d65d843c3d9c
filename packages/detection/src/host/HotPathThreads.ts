/**
 * How the hot path's thread is started: a worker thread, unless a simulation runs the same loop in steps of its own.
 */
import type { ProfiledThread } from "@evenkeel/runtime/worker/ThreadProfiles"
import { Context } from "effect"
import { Worker } from "node:worker_threads"
import type { HotPathWorkerData } from "./HotPathMemory.ts"

/** The module that the thread runs. */
export const hotPathEntry = new URL(import.meta.resolve("@evenkeel/detection/host/hotpath.worker"))

/** What a thread has to say to whoever started it. */
export interface HotPathThreadHandlers {
  readonly onCheckpoint: (checkpoint: Uint8Array) => void
  readonly onCheckpointRefused: (problem: string) => void
  readonly onError: (problem: string) => void
  /** Once; 0 when the thread ended because its ring of frames was closed. */
  readonly onExit: (code: number) => void
  /** It can be profiled, where it is a thread. */
  readonly onThread?: (thread: ProfiledThread) => void
}

/** Starts a thread; the answer ends it, whatever it does. */
export type StartHotPathThread = (data: HotPathWorkerData, handlers: HotPathThreadHandlers) => () => Promise<unknown>

const startWorker: StartHotPathThread = (workerData, { onCheckpoint, onCheckpointRefused, onError, onExit, onThread }) => {
  const worker = new Worker(hotPathEntry, { workerData, name: "evenkeel-hot-path" })
  worker.on("message", (message: { readonly checkpoint: Uint8Array } | { readonly problem: string }) => {
    if ("checkpoint" in message) onCheckpoint(message.checkpoint)
    else onCheckpointRefused(message.problem)
  })
  worker.once("error", (cause) => onError(String(cause)))
  worker.once("exit", onExit)
  onThread?.(worker)
  return () => worker.terminate()
}

export const HotPathThreads = Context.Reference<StartHotPathThread>("@evenkeel/detection/host/HotPathThreads", {
  defaultValue: () => startWorker
})
