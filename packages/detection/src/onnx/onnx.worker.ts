/**
 * Entry of the thread that answers the hot path's questions for an ONNX model.
 *
 * It never runs the model itself: foreign code that hangs or crashes can be ended from outside as a process alone. It keeps that process, hands
 * it each row, and ends with it, or when an answer does not come at all.
 */
import { fork } from "node:child_process"
import { constants, setPriority } from "node:os"
import { fileURLToPath } from "node:url"
import { parentPort, workerData } from "node:worker_threads"
import { QuestionAnswerer } from "../model/ModelQuestions.ts"
import type { OnnxReply, OnnxRequest, OnnxThreadData, OnnxThreadMessage } from "./OnnxMessages.ts"

const { address, bytes, hungMillis, loadMillis, memory, shape } = workerData as OnnxThreadData
const port = parentPort!
const questions = new QuestionAnswerer(memory, address)
const child = fork(fileURLToPath(import.meta.resolve("@evenkeel/detection/onnx/session.worker")), [String(process.pid)], {
  serialization: "advanced",
  execArgv: [],
  stdio: ["ignore", "ignore", "ignore", "ipc"],
  // The configuration, with its secrets, is none of its business.
  env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("EVENKEEL_")))
})
// Before it has threads of its own, which take over its priority: a model that hangs leaves the cores to the engine.
if (child.pid !== undefined) {
  try {
    setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // It has ended already, which is said below.
  }
}

let ending = false
/** Ends the process and, once it is gone, this thread: a process whose parent does not wait for its end stays in the system's table. */
const end = (message?: OnnxThreadMessage): void => {
  if (ending) return
  ending = true
  questions.end()
  if (message !== undefined) port.postMessage(message)
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) process.exit()
  child.once("exit", () => process.exit())
  child.kill("SIGKILL")
}
const stopped = (problem: string) => end({ _tag: "Stopped", problem })

/** Never completes once the end has begun. */
const ask = (request: OnnxRequest, millisMax: number) =>
  new Promise<OnnxReply>((resolve) => {
    const timer = setTimeout(() => stopped(`did not answer within ${millisMax} ms`), millisMax)
    child.once("message", (reply: OnnxReply) => {
      clearTimeout(timer)
      if (!ending) resolve(reply)
    })
    child.send(request, (error) => {
      if (error !== null) stopped(`cannot be asked: ${error.message}`)
    })
  })

child.once("error", (error) => stopped(`cannot be started: ${error.message}`))
child.once("exit", (code, signal) => stopped(`ended with ${signal ?? `exit code ${code}`}`))
port.once("message", () => end())

/** Answers one question after the other. */
const serve = async (): Promise<never> => {
  questions.begin()
  port.postMessage({ _tag: "Ready", process: child.pid! } satisfies OnnxThreadMessage)
  for (;;) {
    const question = await questions.next()
    const began = performance.now()
    const reply = await ask({ _tag: "Predict", row: questions.question() }, hungMillis)
    questions.answer(question, reply._tag === "Answer" ? reply.answer : undefined, performance.now() - began)
  }
}

const loaded = await ask({ _tag: "Load", bytes, shape }, loadMillis)
if (loaded._tag === "Failed") end({ _tag: "Refused", problem: loaded.problem })
else await serve()
