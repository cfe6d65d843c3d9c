/** Entry of the thread that looks whether the main one runs. */
import { workerData } from "node:worker_threads"
import { lookAtMain, lookMillis, words } from "./MainBeats.ts"

const memory = new Int32Array(workerData as SharedArrayBuffer)
/** Nobody notifies this word: waiting on it is a sleep. */
const sleep = new Int32Array(new SharedArrayBuffer(4))

for (let seen = Atomics.load(memory, words.beats); ;) {
  Atomics.wait(sleep, 0, 0, lookMillis)
  seen = lookAtMain(memory, seen)
}
