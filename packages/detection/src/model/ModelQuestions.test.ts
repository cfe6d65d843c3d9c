import { assert, describe, it } from "@effect/vitest"
import { allocateModelMemory, ModelPublisher, ModelReader } from "./ModelMemory.ts"
import { QuestionAnswerer, QuestionAsker } from "./ModelQuestions.ts"
import { coinFeatureNames } from "../feature/coin/CoinFeatures.ts"

const shape = {
  inputs: [3, 0],
  heads: [
    { label: "onset" as const, horizonMinutes: 60 },
    { label: "state" as const, horizonMinutes: 5 }
  ]
}
/** Long enough to tell a wait from a busy machine. */
const waitMillis = 250
const row = Float64Array.from({ length: coinFeatureNames.length }, (_, index) => index / 3)

const open = (longest = waitMillis) => {
  const memory = allocateModelMemory()
  const address = new ModelPublisher(memory).publishQuestions({ ...shape, waitMillis: longest }, 9)
  return { memory, asker: new QuestionAsker(memory, address), answerer: new QuestionAnswerer(memory, address) }
}
/** How long it took, ms, and what came of it. */
const timed = (ask: () => boolean): readonly [answered: boolean, millis: number] => {
  const began = performance.now()
  return [ask(), performance.now() - began]
}
/** Asks in vain, and has the open question answered after so many ms of work. */
const late = ({ answerer, asker }: ReturnType<typeof open>, millis: number) => {
  const [answered] = timed(() => asker.ask(row))
  answerer.answer(answerer.open()!, undefined, millis)
  return answered
}

describe("ModelQuestions", () => {
  it("does not wait where nobody answers", () => {
    const longest = 10_000
    const { answerer, asker } = open(longest)
    for (const begun of [false, true]) {
      if (begun) answerer.begin()
      answerer.end()
      const [answered, millis] = timed(() => asker.ask(row))
      assert.isFalse(answered)
      assert.isBelow(millis, longest / 2)
    }
    assert.deepStrictEqual(answerer.counts(), { answered: 0, late: 0, notAsked: 2, refused: 0 })
  })

  it("waits once for one that hangs, and no more until it has answered", () => {
    const { answerer, asker } = open()
    answerer.begin()
    const [answered, millis] = timed(() => asker.ask(row))
    assert.isFalse(answered)
    assert.isAtLeast(millis, waitMillis - 5)
    assert.deepStrictEqual([...answerer.question()], [Math.fround(1), 0])
    const began = performance.now()
    for (let count = 0; count < 1000; count++) assert.isFalse(asker.ask(row))
    assert.isBelow((performance.now() - began) / 1000, waitMillis / 10)
    assert.deepStrictEqual(answerer.counts(), { answered: 0, late: 1, notAsked: 1000, refused: 0 })
  })

  it("asks one that was late three times in a row without waiting, until it is in time again", () => {
    const both = open()
    const { answerer, asker } = both
    answerer.begin()
    for (let count = 0; count < 3; count++) assert.isFalse(late(both, waitMillis + 1))
    const [, impatient] = timed(() => late(both, waitMillis + 1))
    assert.isBelow(impatient, waitMillis)
    // This one is asked without waiting, and answered in time; so the next is waited for.
    late(both, 1)
    const [, patient] = timed(() => asker.ask(row))
    assert.isAtLeast(patient, waitMillis - 5)
    assert.strictEqual(answerer.counts().late, 6)
  })

  it("has a bound on what all coins of a bar wait together", () => {
    const both = open(20)
    const { answerer, asker } = both
    answerer.begin()
    for (let bar = 1; bar <= 2; bar++) {
      asker.beginBar()
      // Each answer comes too late for the wait, though the model says that it was quick.
      while (answerer.counts().notAsked < bar && answerer.counts().late < 100) {
        asker.ask(row)
        const question = answerer.open()
        if (question !== undefined) answerer.answer(question, undefined, 1)
      }
      // A busy machine makes one wait as long as several.
      assert.isAtLeast(answerer.counts().late, bar, "the next bar is asked again")
      assert.isAtMost(answerer.counts().late, 6 * bar)
    }
  })

  it("begins anew with whoever answers next, and an answer to an older question is none", () => {
    const { answerer, asker } = open()
    answerer.begin()
    asker.ask(row)
    const older = answerer.open()!
    answerer.begin()
    assert.isUndefined(answerer.open(), "what was asked before is not answered any more")
    asker.ask(row)
    assert.notStrictEqual(answerer.open(), older)
    assert.strictEqual(answerer.counts().late, 2)
  })

  it("has nothing to do with a model that is packed: one can follow the other", () => {
    const { memory } = open()
    const reader = new ModelReader(memory)
    assert.isFalse(reader.predict(row, false, new Float64Array(15)))
    assert.strictEqual(reader.version, 9)
    assert.isTrue(new ModelPublisher(memory).free)
  })
})
