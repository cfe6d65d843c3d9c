/**
 * A place in shared memory where the hot path asks another thread for a prediction, and waits for it no longer than it may.
 *
 * One question is open at a time. Whoever asks while one is open, or while nobody answers, gets none at once: so one wait is all that a model that
 * hangs can cost. One that was late several times in a row is asked without waiting, until it has answered in time again. And all waits of one
 * bar together have a bound, since a slow model would hold up the levels of many coins.
 *
 * ```text
 * int32    0 question   1 answer   2 what it is   3 whether somebody answers   4 longest wait, ms   5 time that the last answer took, ms
 *          6 features   7 heads   8 answered   9 late   10 not asked   11 refused
 *          then for each feature its place in the hot path's row, and for each head its label and its horizon, minutes
 * float64  the row   then for each head probability, low, high
 * ```
 */
import type { KernelMemory } from "@evenkeel/learning/kernels/Kernels"

const at = {
  question: 0,
  answer: 1,
  outcome: 2,
  serving: 3,
  waitMillis: 4,
  answerMillis: 5,
  features: 6,
  heads: 7,
  answered: 8,
  late: 9,
  notAsked: 10,
  refused: 11,
  inputs: 12
} as const

export const questionFeaturesMax = 254
export const questionHeadsMax = 64
const inputsBytes = (at.inputs + questionFeaturesMax + 2 * questionHeadsMax) * 4
const rowBytes = questionFeaturesMax * 8
/** Numbers that an answer has for each head: probability, low, high. */
const answerNumbers = 3

/** What an answer is: none, because whoever answers has begun anew or ended; probabilities; or something else. */
const outcome = { none: 0, good: 1, refused: 2 } as const

/** Late so many times in a row, a model is not waited for any more. */
const lateMax = 3

/** All coins of a bar together wait no longer than so many of the longest waits. */
const waitsInBar = 5

/** What became of the questions so far. */
export interface QuestionCounts {
  readonly answered: number
  /** The answer did not come within the wait. */
  readonly late: number
  /** Nobody answered, the question before was still open, or the bar's time was used up. */
  readonly notAsked: number
  /** The answer was no probability. */
  readonly refused: number
}

/** The place at byte `address` of a memory, for both sides. */
class Questions {
  protected readonly int32: Int32Array
  protected readonly row: Float64Array
  protected readonly answers: Float64Array

  constructor({ buffer }: KernelMemory, address: number) {
    const rowAt = address + Math.ceil(inputsBytes / 8) * 8
    this.int32 = new Int32Array(buffer, address, inputsBytes >> 2)
    this.row = new Float64Array(buffer, rowAt, questionFeaturesMax)
    this.answers = new Float64Array(buffer, rowAt + rowBytes, questionHeadsMax * answerNumbers)
  }

  get features(): number {
    return this.int32[at.features]!
  }

  get heads(): number {
    return this.int32[at.heads]!
  }
}

export interface QuestionShape {
  /** Where each of the model's features stands in the hot path's row. */
  readonly inputs: ReadonlyArray<number>
  /** `label` is a place in `headLabels`. */
  readonly heads: ReadonlyArray<{ readonly label: number; readonly horizonMinutes: number }>
  /** The longest that the hot path waits for an answer. */
  readonly waitMillis: number
}

/** Lays a place out. Nobody answers at first. */
export const layQuestions = ({ buffer }: KernelMemory, address: number, { heads, inputs, waitMillis }: QuestionShape): void => {
  const int32 = new Int32Array(buffer, address, inputsBytes >> 2)
  int32.fill(0)
  int32[at.waitMillis] = waitMillis
  int32[at.features] = inputs.length
  int32[at.heads] = heads.length
  int32.set(inputs, at.inputs)
  for (const [index, { horizonMinutes, label }] of heads.entries())
    int32.set([label, horizonMinutes], at.inputs + inputs.length + 2 * index)
}

/** The hot path's side. */
export class QuestionAsker extends Questions {
  #lateInARow = 0
  #leftInBar = 0

  constructor(memory: KernelMemory, address: number) {
    super(memory, address)
    this.beginBar()
  }

  /** The next questions are those of another bar. */
  beginBar(): void {
    this.#leftInBar = waitsInBar * this.int32[at.waitMillis]!
  }

  labelOf(head: number): number {
    return this.int32[at.inputs + this.features + 2 * head]!
  }

  horizonOf(head: number): number {
    return this.int32[at.inputs + this.features + 2 * head + 1]!
  }

  /** Asks what the model says of a row; false where there is no answer in time. `answerOf` gives it until the next question. */
  ask(values: Float64Array): boolean {
    const { int32 } = this
    const before = Atomics.load(int32, at.answer)
    const closed = Atomics.load(int32, at.serving) === 0 || before !== Atomics.load(int32, at.question)
    if (closed || this.#leftInBar <= 0) return this.#without(at.notAsked)
    const inTime = Atomics.load(int32, at.answerMillis) <= int32[at.waitMillis]!
    if (this.#lateInARow === lateMax && inTime) this.#lateInARow = 0
    for (let i = 0; i < this.features; i++) this.row[i] = Math.fround(values[int32[at.inputs + i]!]!)
    const question = (before + 1) | 0
    Atomics.store(int32, at.question, question)
    Atomics.notify(int32, at.question)
    if (this.#lateInARow === lateMax) return this.#without(at.late)
    // Woken when the answer is there, or when nobody is left to give it.
    const began = performance.now()
    Atomics.wait(int32, at.answer, before, Math.min(int32[at.waitMillis]!, this.#leftInBar))
    this.#leftInBar -= performance.now() - began
    const became = Atomics.load(int32, at.answer) === question ? Atomics.load(int32, at.outcome) : outcome.none
    if (became === outcome.none) {
      this.#lateInARow++
      return this.#without(at.late)
    }
    this.#lateInARow = 0
    if (became === outcome.refused) return this.#without(at.refused)
    Atomics.add(int32, at.answered, 1)
    return true
  }

  /** Writes probability, low and high of a head into `out`. */
  answerOf(head: number, out: Float64Array): void {
    for (let i = 0; i < answerNumbers; i++) out[i] = this.answers[head * answerNumbers + i]!
  }

  #without(count: number): boolean {
    Atomics.add(this.int32, count, 1)
    return false
  }
}

/** The side of whoever answers; one at a time. */
export class QuestionAnswerer extends Questions {
  /** From now on questions are answered; one that is still open never is. */
  begin(): void {
    this.#close()
    Atomics.store(this.int32, at.answerMillis, 0)
    Atomics.store(this.int32, at.serving, 1)
  }

  /** From now on nobody answers, and nobody waits. */
  end(): void {
    Atomics.store(this.int32, at.serving, 0)
    this.#close()
  }

  /** The number of the question that is open; undefined where there is none. */
  open(): number | undefined {
    const question = Atomics.load(this.int32, at.question)
    return question === Atomics.load(this.int32, at.answer) ? undefined : question
  }

  /** Completes once a question is open. */
  next(): Promise<number> {
    const open = this.open()
    if (open !== undefined) return Promise.resolve(open)
    const answered = Atomics.load(this.int32, at.answer)
    return Promise.resolve(Atomics.waitAsync(this.int32, at.question, answered).value).then(() => this.next())
  }

  /** The row that is asked about. */
  question(): Float64Array<ArrayBuffer> {
    return new Float64Array(this.row.subarray(0, this.features))
  }

  /**
   * Answers the open question, after so many ms; undefined where the model failed. An answer that is no probability is refused.
   */
  answer(question: number, said: AnsweredHeads | undefined, millis: number): void {
    const { int32 } = this
    const good = said !== undefined && this.#write(said)
    Atomics.store(int32, at.outcome, good ? outcome.good : outcome.refused)
    Atomics.store(int32, at.answerMillis, Math.ceil(millis))
    Atomics.store(int32, at.answer, question)
    Atomics.notify(int32, at.answer)
  }

  counts(): QuestionCounts {
    const count = (index: number) => Atomics.load(this.int32, index)
    return { answered: count(at.answered), late: count(at.late), notAsked: count(at.notAsked), refused: count(at.refused) }
  }

  #write({ high, low, probabilities }: AnsweredHeads): boolean {
    if (probabilities.length !== this.heads) return false
    for (const [head, probability] of probabilities.entries()) {
      if (!(probability >= 0 && probability <= 1)) return false
      this.answers[head * answerNumbers] = probability
      // The interval always holds the probability.
      this.answers[head * answerNumbers + 1] = Math.max(0, Math.min(low?.[head] ?? Number.NaN, probability))
      this.answers[head * answerNumbers + 2] = Math.min(1, Math.max(high?.[head] ?? Number.NaN, probability))
    }
    return true
  }

  #close(): void {
    Atomics.store(this.int32, at.outcome, outcome.none)
    Atomics.store(this.int32, at.answer, Atomics.load(this.int32, at.question))
    Atomics.notify(this.int32, at.answer)
  }
}

export interface AnsweredHeads {
  readonly probabilities: Float64Array
  readonly low: Float64Array | undefined
  readonly high: Float64Array | undefined
}
