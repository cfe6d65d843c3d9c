/** Entry of the process that runs an ONNX model: answers one message after the other, until whoever started it is gone. */
import { OnnxModel } from "@evenkeel/learning/onnx/OnnxModel"
import { Effect, ManagedRuntime } from "effect"
import type { OnnxReply, OnnxRequest } from "./OnnxMessages.ts"

// Ctrl-C reaches every process of a terminal: the engine ends this one, once it has judged what it has.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {})
process.once("disconnect", () => process.exit())

const reply = (message: OnnxReply): void => {
  process.send?.(message)
}

process.once("message", (load: OnnxRequest) => {
  if (load._tag !== "Load") return
  const runtime = ManagedRuntime.make(OnnxModel.layer(load.bytes, load.shape))
  const answer = (ask: (onnx: OnnxModel["Service"]) => ReturnType<OnnxModel["Service"]["predict"]>) =>
    runtime.runPromise(
      Effect.flatMap(OnnxModel, ask).pipe(
        Effect.match({
          onSuccess: (said): OnnxReply => ({ _tag: "Answer", answer: said }),
          onFailure: ({ message, reason }): OnnxReply => ({ _tag: "Failed", reason, message })
        })
      )
    )
  // The first answer is to a row that is none: it shows that the model runs.
  void answer((onnx) => onnx.predict(new Float64Array(load.shape.features))).then(reply)
  process.on("message", (request: OnnxRequest) => {
    if (request._tag === "Predict") void answer((onnx) => onnx.predict(request.row)).then(reply)
  })
})
