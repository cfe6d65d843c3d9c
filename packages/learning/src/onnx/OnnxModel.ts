/**
 * Any ONNX model that takes rows of features and gives columns of probabilities, run by onnxruntime: the alternative to our own kernels, for
 * models that were made elsewhere. `onnxruntime-node` is loaded by the layer; who needs none need not install it.
 */
import { Context, Effect, Layer, Schema } from "effect"

export class OnnxModel extends Context.Service<
  OnnxModel,
  {
    readonly inputs: ReadonlyArray<string>
    readonly outputs: ReadonlyArray<string>
    /** `[row * columns + column]` of the first output, for `values[row * features + feature]`. */
    readonly predict: (values: Float32Array, features: number) => Effect.Effect<Float32Array, OnnxFailed>
  }
>()("@evenkeel/learning/onnx/OnnxModel") {
  static readonly layer = (bytes: Uint8Array) => Layer.effect(OnnxModel, openOnnx(bytes))
}

/** The runtime is not installed, or does not take the model or the rows. */
export class OnnxFailed extends Schema.TaggedError<OnnxFailed>()("OnnxFailed", { advice: Schema.String, cause: Schema.Defect() }) {
  override get message() {
    return `${this.advice}: ${String(this.cause)}`
  }
}

const attempt = <A>(advice: string, evaluate: () => Promise<A>) =>
  Effect.tryPromise({ try: evaluate, catch: (cause) => new OnnxFailed({ advice, cause }) })

const openOnnx = Effect.fn("OnnxModel.open")(function* (bytes: Uint8Array) {
  const { InferenceSession, Tensor } = yield* attempt("install onnxruntime-node to run ONNX models", () => import("onnxruntime-node"))
  const session = yield* attempt("this is no ONNX model that onnxruntime can run", () =>
    InferenceSession.create(bytes, { intraOpNumThreads: 1, interOpNumThreads: 1 })
  )
  yield* Effect.addFinalizer(() => Effect.promise(() => session.release()))
  const [input] = session.inputNames
  const [output] = session.outputNames
  return OnnxModel.of({
    inputs: session.inputNames,
    outputs: session.outputNames,
    predict: (values, features) =>
      attempt("the model does not take these rows", () =>
        session.run({ [input!]: new Tensor("float32", values, [values.length / features, features]) })
      ).pipe(Effect.map((results) => results[output!]!.data as Float32Array))
  })
})
