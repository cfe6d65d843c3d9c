/**
 * Any ONNX model that takes rows of features and gives a column of probabilities for each head, run by onnxruntime: for models that were made
 * elsewhere. The runtime is loaded when a model is opened; who needs none need not install it.
 *
 * Plain promises, and nothing is imported but the runtime: a process that runs a model and nothing else starts in a tenth of the time.
 */
import type { InferenceSession, Tensor } from "onnxruntime-node"

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

export const onnxProblems = ["RuntimeMissing", "NotAModel", "OtherShape", "NotRun"] as const

/** The runtime is not installed, or does not take the model or the rows. */
export interface OnnxProblem {
  readonly reason: (typeof onnxProblems)[number]
  readonly problem: string
}
export const isProblem = <A extends object>(said: A | OnnxProblem): said is OnnxProblem => "reason" in said

export interface OnnxSession {
  /** What the model says of `rows[row * features + feature]`; what is missing is NaN. */
  readonly predict: (rows: Float64Array) => Promise<OnnxAnswer | OnnxProblem>
  readonly close: () => Promise<void>
}

/** The version that is tested. */
export const onnxRuntime = "onnxruntime-node@1.30"

export const explainOnnxProblem = ({ problem, reason }: OnnxProblem): string => {
  switch (reason) {
    case "RuntimeMissing":
      return `needs a runtime: install it beside this program with \`npm install ${onnxRuntime}\` (${problem})`
    case "NotAModel":
      return `is no ONNX model that onnxruntime can run: ${problem}`
    case "OtherShape":
      return `has columns other than those that are named: ${problem}`
    case "NotRun":
      return `does not run: ${problem}`
  }
}

const problemLengthMax = 300
const problemOf =
  (reason: OnnxProblem["reason"]) =>
  (cause: unknown): OnnxProblem => ({
    reason,
    problem: String(cause).slice(0, problemLengthMax)
  })
const otherShape = problemOf("OtherShape")

const arrays = { float32: Float32Array, float64: Float64Array } as const
type Numbers = keyof typeof arrays
const isNumbers = (type: string): type is Numbers => type in arrays

export const openOnnx = (bytes: Uint8Array, shape: OnnxShape): Promise<OnnxSession | OnnxProblem> =>
  import("onnxruntime-node").then(
    ({ InferenceSession, Tensor }) =>
      InferenceSession.create(bytes, { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 4 }).then(
        (session) => tried(session, shape, (type, rows, dims) => new Tensor(type, arrays[type].from(rows), dims)),
        problemOf("NotAModel")
      ),
    problemOf("RuntimeMissing")
  )

/** The session, once it has answered to a row: a file's shapes may leave open what comes of one. */
const tried = (session: InferenceSession, shape: OnnxShape, tensor: MakeTensor): Promise<OnnxSession | OnnxProblem> => {
  const close = () => session.release()
  const opened = sessionOf(session, shape, tensor)
  if (typeof opened === "string") return close().then(() => otherShape(opened))
  return opened(new Float64Array(shape.features)).then((said) => (isProblem(said) ? close().then(() => said) : { predict: opened, close }))
}

type MakeTensor = (type: Numbers, rows: Float64Array, dims: ReadonlyArray<number>) => Tensor

/** How a session predicts, or what is wrong with its input. */
const sessionOf = (session: InferenceSession, { features, heads }: OnnxShape, tensor: MakeTensor): OnnxSession["predict"] | string => {
  const [input, ...others] = session.inputMetadata
  if (input === undefined || others.length > 0) return `it has ${session.inputMetadata.length} inputs and not one`
  if (!input.isTensor || !isNumbers(input.type)) return "its input holds no 32- or 64-bit floats"
  const { name, shape, type } = input
  if (shape.length !== 2 || (typeof shape[1] === "number" && shape[1] !== features))
    return `its input is [${shape.join(", ")}] and not [rows, ${features}]`
  const [first, low, high] = ["probabilities", "low", "high"].map((wanted) => session.outputNames.find((each) => each === wanted))
  const asked = [first ?? session.outputNames[0]!, ...(low === undefined || high === undefined ? [] : [low, high])]
  return (rows) => {
    const count = rows.length / features
    if (!Number.isInteger(count)) return Promise.resolve(otherShape(`${rows.length} numbers are no rows of ${features}`))
    return session.run({ [name]: tensor(type, rows, [count, features]) }, asked).then(
      (results) =>
        answerOf(
          asked.map((output) => [output, results[output]!] as const),
          count,
          heads
        ),
      problemOf("NotRun")
    )
  }
}

const answerOf = (
  outputs: ReadonlyArray<readonly [name: string, tensor: Tensor]>,
  count: number,
  heads: number
): OnnxAnswer | OnnxProblem => {
  const wrong = outputs.find(([, { data, dims }]) => !isFloats(data) || data.length !== count * heads || dims[0] !== count)
  if (wrong !== undefined)
    return otherShape(`${wrong[0]} is ${wrong[1].type} [${wrong[1].dims.join(", ")}] and not floats [${count}, ${heads}]`)
  const [probabilities, low, high] = outputs.flatMap(([, { data }]) => (isFloats(data) ? [Float64Array.from(data)] : []))
  return { probabilities: probabilities!, low, high }
}

const isFloats = (data: Tensor["data"]): data is Float32Array | Float64Array => data instanceof Float32Array || data instanceof Float64Array
