/**
 * Any ONNX model that takes rows of features and gives a column of probabilities for each head, run by onnxruntime: the alternative to our own
 * kernels, for models that were made elsewhere. `onnxruntime-node` is loaded by the layer; who needs none need not install it.
 */
import { Context, Effect, Layer, Schema } from "effect"

/** What the model is expected to take and give, in columns. */
export interface OnnxShape {
  readonly features: number
  readonly heads: number
}

/** `[row * heads + head]` */
export interface OnnxAnswer {
  readonly probabilities: Float64Array
  /** Bounds of each probability's interval; undefined where the model gives none. */
  readonly low: Float64Array | undefined
  readonly high: Float64Array | undefined
}

export class OnnxModel extends Context.Service<
  OnnxModel,
  {
    readonly inputs: ReadonlyArray<string>
    readonly outputs: ReadonlyArray<string>
    /** What the model says of `rows[row * features + feature]`; what is missing is NaN. */
    readonly predict: (rows: Float64Array) => Effect.Effect<OnnxAnswer, OnnxFailed>
  }
>()("@evenkeel/learning/onnx/OnnxModel") {
  static readonly layer = (bytes: Uint8Array, shape: OnnxShape) => Layer.effect(OnnxModel, openOnnx(bytes, shape))
}

/** The runtime is not installed, or does not take the model or the rows. */
export class OnnxFailed extends Schema.TaggedError<OnnxFailed>()("OnnxFailed", {
  reason: Schema.Literals(["RuntimeMissing", "NotAModel", "OtherShape", "NotRun"]),
  problem: Schema.String
}) {
  override get message() {
    return `${advice[this.reason]}: ${this.problem}`
  }
}

/** What is written with the package, and known to work. */
export const onnxRuntime = "onnxruntime-node@1.30"

const advice = {
  RuntimeMissing: `cannot be run: install the runtime beside this program with \`npm install ${onnxRuntime}\``,
  NotAModel: "is no ONNX model that onnxruntime can run",
  OtherShape: "takes or gives something else than rows of numbers as they were named",
  NotRun: "does not answer"
} as const
type Reason = keyof typeof advice

const attempt = <A>(reason: Reason, evaluate: () => Promise<A>) =>
  Effect.tryPromise({ try: evaluate, catch: (cause) => new OnnxFailed({ reason, problem: problemOf(cause) }) })

const problemLengthMax = 300
const problemOf = (cause: unknown): string => String(cause).slice(0, problemLengthMax)

const arrays = { float32: Float32Array, float64: Float64Array } as const
const isNumbers = (type: string): type is keyof typeof arrays => type in arrays

/** The outputs are named so where a model gives more than one. */
const outputNames = ["probabilities", "low", "high"] as const

const openOnnx = Effect.fn("OnnxModel.open")(function* (bytes: Uint8Array, { features, heads }: OnnxShape) {
  const { InferenceSession, Tensor } = yield* attempt("RuntimeMissing", () => import("onnxruntime-node"))
  const session = yield* Effect.acquireRelease(
    attempt("NotAModel", () => InferenceSession.create(bytes, { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 4 })),
    (session) => Effect.promise(() => session.release())
  )
  const otherShape = (problem: string) => new OnnxFailed({ reason: "OtherShape", problem })
  const [input, ...others] = session.inputMetadata
  if (input === undefined || others.length > 0) return yield* otherShape(`it has ${session.inputMetadata.length} inputs and not one`)
  if (!input.isTensor || !isNumbers(input.type)) return yield* otherShape("its input holds no 32- or 64-bit floats")
  const { type } = input
  const columns = input.shape.at(-1)
  if (input.shape.length !== 2 || (typeof columns === "number" && columns !== features))
    return yield* otherShape(`its input is [${input.shape.join(", ")}] and not [rows, ${features}]`)
  const [first, low, high] = outputNames.map((name) => session.outputNames.find((each) => each === name))
  const asked = [first ?? session.outputNames[0]!, ...(low === undefined || high === undefined ? [] : [low, high])]

  const predict = Effect.fnUntraced(function* (rows: Float64Array) {
    const count = rows.length / features
    const results = yield* attempt("NotRun", () =>
      session.run({ [input.name]: new Tensor(type, arrays[type].from(rows), [count, features]) }, asked)
    )
    const columns: Array<Float64Array> = []
    for (const name of asked) {
      const { data, dims } = results[name]!
      if (!(data instanceof Float32Array || data instanceof Float64Array)) return yield* otherShape(`${name} holds no floats`)
      if (data.length !== count * heads || dims[0] !== count)
        return yield* otherShape(`${name} is [${dims.join(", ")}] and not [${count}, ${heads}]`)
      columns.push(Float64Array.from(data))
    }
    return { probabilities: columns[0]!, low: columns[1], high: columns[2] } satisfies OnnxAnswer
  })
  // A row is tried, because a file's shapes may leave open what comes of it.
  yield* predict(new Float64Array(features))
  return OnnxModel.of({ inputs: session.inputNames, outputs: session.outputNames, predict })
})
