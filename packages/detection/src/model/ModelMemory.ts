/**
 * The model that serves, in memory that two threads share: one publishes, the hot path predicts.
 *
 * There are two places. A new model is packed into the one that does not serve, and one atomic store makes it serve from the next bar on: the
 * hot path is never told and never waits. It answers by writing down which generation it has taken up; until then the other place is its own.
 * A place holds a model or, where another thread runs it, the questions to that thread (`ModelQuestions`).
 *
 * ```text
 * int32  0 generation   1 address of the model   2 its version   3 generation that the hot path has taken up   4 1: the place holds questions
 * ```
 */
import { allocateKernelMemory, type KernelMemory } from "@evenkeel/learning/kernels/Kernels"
import { packModel, PackedModel, scratchBytes } from "@evenkeel/learning/kernels/PackedModel"
import { headLabels, type Model } from "@evenkeel/learning/model/Model"
import type { ModelProblem } from "@evenkeel/learning/model/ModelFile"
import type { OnnxHead } from "@evenkeel/learning/onnx/OnnxMetadata"
import { coinFeatureNames } from "../feature/coin/CoinFeatures.ts"
import { horizonCount, horizonsMinutes } from "../hotpath/SignalRecord.ts"
import { layQuestions, QuestionAsker, type QuestionShape } from "./ModelQuestions.ts"

/** The most that a model may take, packed. */
export const modelBytesMax = 6 << 20
const generationField = 0
const addressField = 1
const versionField = 2
const takenField = 3
const asksField = 4
const controlFields = 5

export const allocateModelMemory = (): KernelMemory => allocateKernelMemory(scratchBytes + 2 * modelBytesMax)

export class ModelPublisher {
  readonly #memory: KernelMemory
  readonly #control: Int32Array

  constructor(memory: KernelMemory) {
    this.#memory = memory
    this.#control = new Int32Array(memory.buffer, 0, controlFields)
  }

  /** False while the hot path has not taken up the model before: the place of the next is still in use. */
  get free(): boolean {
    return (
      Atomics.load(this.#control, generationField) === 0 ||
      Atomics.load(this.#control, takenField) === Atomics.load(this.#control, generationField)
    )
  }

  get version(): number {
    return Atomics.load(this.#control, versionField)
  }

  /** Makes a model serve; undefined when it does. What served before goes on serving when it cannot. Ask `free` first. */
  publish(model: Model, version: number): ModelProblem | undefined {
    const inputs = model.features.map((name) => coinFeatureNames.indexOf(name))
    const missing = model.features.filter((_, index) => inputs[index]! < 0)
    if (missing.length > 0) return { _tag: "OtherFeatures", missing }
    const address = this.#nextAddress
    if (packModel(model, this.#memory, address, modelBytesMax, inputs) < 0) {
      return { _tag: "TooLarge", limit: modelBytesMax }
    }
    this.#serve(address, version, false)
    return undefined
  }

  /** Makes a model serve that another thread runs; answers with the address of the questions to it. Ask `free` first. */
  publishQuestions(
    { heads, ...shape }: Omit<QuestionShape, "heads"> & { readonly heads: ReadonlyArray<OnnxHead> },
    version: number
  ): number {
    const address = this.#nextAddress
    const numbered = heads.map(({ horizonMinutes, label }) => ({ label: headLabels.indexOf(label), horizonMinutes }))
    layQuestions(this.#memory, address, { ...shape, heads: numbered })
    this.#serve(address, version, true)
    return address
  }

  get #nextAddress(): number {
    return scratchBytes + ((Atomics.load(this.#control, generationField) + 1) & 1) * modelBytesMax
  }

  #serve(address: number, version: number, asks: boolean): void {
    Atomics.store(this.#control, addressField, address)
    Atomics.store(this.#control, versionField, version)
    Atomics.store(this.#control, asksField, asks ? 1 : 0)
    Atomics.add(this.#control, generationField, 1)
  }
}

/** The hot path's side: predicts with whatever model serves. */
export class ModelReader {
  readonly #memory: KernelMemory
  readonly #packed: PackedModel
  readonly #control: Int32Array
  readonly #out = new Float64Array(3)
  readonly #heads: ReadonlyArray<Int32Array> = headLabels.map(() => new Int32Array(horizonCount).fill(-1))
  /** Undefined where the model that serves is a packed one. */
  #questions: QuestionAsker | undefined
  #generation = 0
  /** Of the model that said the last probabilities; 0 when none serves. */
  version = 0

  constructor(memory: KernelMemory) {
    this.#memory = memory
    this.#packed = new PackedModel(memory)
    this.#control = new Int32Array(memory.buffer, 0, controlFields)
  }

  /** The next predictions are those of another bar: see `ModelQuestions`. */
  beginBar(): void {
    this.#questions?.beginBar()
  }

  /** Takes up a model that was published since. */
  #follow(): void {
    const generation = Atomics.load(this.#control, generationField)
    if (generation === this.#generation) return
    this.#generation = generation
    this.version = Atomics.load(this.#control, versionField)
    const address = Atomics.load(this.#control, addressField)
    this.#questions = Atomics.load(this.#control, asksField) === 1 ? new QuestionAsker(this.#memory, address) : undefined
    if (this.#questions === undefined) this.#packed.select(address)
    const model = this.#questions ?? this.#packed
    for (const heads of this.#heads) heads.fill(-1)
    for (let head = 0; head < model.heads; head++) {
      const minutes = model.horizonOf(head)
      const horizon = horizonsMinutes.findIndex((each) => each === minutes)
      if (horizon >= 0) this.#heads[model.labelOf(head)]![horizon] = head
    }
    Atomics.store(this.#control, takenField, generation)
  }

  /**
   * Probability, low and high for each horizon into `out`, `[horizon * 3]`: that a break starts or, within one, that it still stands. NaN where
   * the model has no such head; false when no model serves, or the one that does gives no answer in time.
   */
  predict(features: Float64Array, broken: boolean, out: Float64Array): boolean {
    this.#follow()
    if (this.#generation === 0) return false
    const questions = this.#questions
    if (questions === undefined) this.#packed.open(features)
    else if (!questions.ask(features)) return false
    const heads = this.#heads[broken ? stateLabel : onsetLabel]!
    for (let horizon = 0; horizon < horizonCount; horizon++) {
      const head = heads[horizon]!
      if (head >= 0 && questions === undefined) this.#packed.predictHead(head, this.#out, 0)
      else if (head >= 0) questions?.answerOf(head, this.#out)
      // What may happen within an hour may happen within a day: heads that were fitted apart are brought in line.
      for (let i = 0; i < 3; i++) {
        const before = horizon > 0 ? out[horizon * 3 - 3 + i]! : Number.NaN
        out[horizon * 3 + i] = head < 0 ? Number.NaN : before > this.#out[i]! ? before : this.#out[i]!
      }
    }
    return true
  }
}

const onsetLabel = headLabels.indexOf("onset")
const stateLabel = headLabels.indexOf("state")
