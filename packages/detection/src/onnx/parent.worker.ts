/**
 * Entry of the thread that ends a process once its parent is gone. It has a loop of its own, so it does so also while the process hangs in a model, which
 * ends by nothing but SIGKILL and would take a core for ever.
 */
import { parentPort, workerData } from "node:worker_threads"
import type { ParentWatch } from "./OnnxMessages.ts"

const { lookMillis, parent } = workerData as ParentWatch

setInterval(() => {
  // A process whose parent has ended is given another one.
  if (process.ppid !== parent) process.kill(process.pid, "SIGKILL")
}, lookMillis)
parentPort!.postMessage("watching")
