/** What the engine, the thread that answers for an ONNX model and the process that runs it say to each other. */
import type { KernelMemory } from "@evenkeel/learning/kernels/Kernels"
import type { OnnxAnswer, OnnxProblem, OnnxShape } from "@evenkeel/learning/onnx/OnnxSession"

export interface OnnxLimits {
  /** The longest that the hot path waits for an answer. */
  readonly waitMillis: number
  /** A process that has not answered for so long hangs, and is ended. */
  readonly hungMillis: number
  /** Starting a process and loading the model take so long at most. */
  readonly loadMillis: number
}

/** What the thread is started with. */
export interface OnnxThreadData {
  readonly memory: KernelMemory
  /** Of the questions in it. */
  readonly address: number
  readonly bytes: Uint8Array
  readonly shape: OnnxShape
  readonly hungMillis: number
  readonly loadMillis: number
}

/** From the thread to the engine. */
export type OnnxThreadMessage =
  | { readonly _tag: "Ready"; readonly process: number }
  | { readonly _tag: "Refused"; readonly problem: OnnxProblem }
  | { readonly _tag: "Stopped"; readonly problem: string }

/** To the process: first the model, then rows. */
export type OnnxRequest =
  | { readonly _tag: "Load"; readonly bytes: Uint8Array; readonly shape: OnnxShape }
  | { readonly _tag: "Predict"; readonly row: Float64Array }

export type OnnxReply =
  | { readonly _tag: "Loaded" }
  | { readonly _tag: "Answer"; readonly answer: OnnxAnswer }
  | { readonly _tag: "Failed"; readonly problem: OnnxProblem }

/** What the thread that watches the process's parent is started with. */
export interface ParentWatch {
  /** The parent's id, as the parent said. */
  readonly parent: number
  readonly lookMillis: number
}
