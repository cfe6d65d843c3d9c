/** Entry of the process that runs an ONNX model: answers one message after the other, until whoever started it is gone. */
import { isProblem, openOnnx } from "@evenkeel/learning/onnx/OnnxSession"
import type { OnnxReply, OnnxRequest } from "./OnnxMessages.ts"

// Ctrl-C reaches every process of a terminal: the engine ends this one, once it has judged what it has.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {})
process.once("disconnect", () => process.exit())

const reply = (message: OnnxReply): void => {
  process.send?.(message)
}

process.once("message", async (load: OnnxRequest) => {
  if (load._tag !== "Load") return
  const session = await openOnnx(load.bytes, load.shape)
  if (isProblem(session)) return reply({ _tag: "Failed", problem: session })
  process.on("message", async (request: OnnxRequest) => {
    if (request._tag !== "Predict") return
    const said = await session.predict(request.row)
    reply(isProblem(said) ? { _tag: "Failed", problem: said } : { _tag: "Answer", answer: said })
  })
  reply({ _tag: "Loaded" })
})
