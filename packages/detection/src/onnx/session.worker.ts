/**
 * Entry of the process that runs an ONNX model: answers one message after the other, until whoever started it is gone. Nothing of the model is loaded
 * before a thread watches for that.
 */
import { isProblem, openOnnx } from "@evenkeel/learning/onnx/OnnxSession"
import { once } from "node:events"
import { Worker } from "node:worker_threads"
import type { OnnxReply, OnnxRequest, ParentWatch } from "./OnnxMessages.ts"

// Ctrl-C reaches every process of a terminal: the engine ends this one, once it has judged what it has.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {})
process.once("disconnect", () => process.exit())

const reply = (message: OnnxReply): void => {
  process.send?.(message)
}

const workerData: ParentWatch = { parent: Number(process.argv[2]), lookMillis: 500 }
const watch = new Worker(new URL(import.meta.resolve("@evenkeel/detection/onnx/parent.worker")), { workerData })
// Without it nobody would end this process.
watch.once("exit", () => process.exit(1))
const watching = once(watch, "message")

process.once("message", async (load: OnnxRequest) => {
  if (load._tag !== "Load") return
  await watching
  const session = await openOnnx(load.bytes, load.shape)
  if (isProblem(session)) return reply({ _tag: "Failed", problem: session })
  process.on("message", async (request: OnnxRequest) => {
    if (request._tag !== "Predict") return
    const said = await session.predict(request.row)
    reply(isProblem(said) ? { _tag: "Failed", problem: said } : { _tag: "Answer", answer: said })
  })
  reply({ _tag: "Loaded" })
})
