import { assert, describe, it } from "@effect/vitest"
import { applyIsotonic, fitIsotonic } from "../calibration/Isotonic.ts"
import { fitVennAbers, intervalOf } from "../calibration/VennAbers.ts"
import { Random } from "../data/Random.ts"
import { tableOf } from "../data/Table.ts"
import { applyBlend, fitStack, fitVote } from "../ensemble/Blend.ts"
import { fitForest, predictForest } from "../forest/RandomForest.ts"
import { mutualInformation, pathContributions, permutationImportance } from "../importance/Importance.ts"
import { reportFigures } from "../metric/Bootstrap.ts"
import { averagePrecision, brierSkill, calibrationError, rocAuc } from "../metric/Ranking.ts"
import { grid, searchBest } from "../search/Search.ts"
import { groupFolds, leaveOneGroupOut, walkForward } from "./Splits.ts"

const random = new Random(8)

describe("splits", () => {
  const groups = Array.from({ length: 100 }, (_, row) => Math.floor(row / 10))
  const times = Array.from({ length: 100 }, (_, row) => row * 60)

  it("judge every row once and part no group", () => {
    const seen = new Set<number>()
    for (const { test, train } of groupFolds(groups, 3, 1)) {
      const tested = new Set(Array.from(test, (row) => groups[row]))
      assert.isFalse(train.some((row) => tested.has(groups[row])))
      for (const row of test) seen.add(row)
    }
    assert.strictEqual(seen.size, 100)
  })

  it("keep an embargo around what is left out, and never look ahead when walking forward", () => {
    const embargo = 200
    for (const { test, train } of leaveOneGroupOut(groups, times, embargo)) {
      const from = times[test[0]!]!
      const to = times[test.at(-1)!]!
      assert.isTrue(train.every((row) => times[row]! < from - embargo || times[row]! > to + embargo))
    }
    const walks = walkForward(times, 4, embargo)
    assert.strictEqual(walks.length, 4)
    for (const { test, train } of walks) {
      assert.isAbove(test.length, 0)
      assert.isTrue(train.every((row) => times[row]! < times[test[0]!]! - embargo))
    }
  })
})

describe("search", () => {
  it("tries every point of a grid", () => {
    assert.deepStrictEqual(grid({ a: { values: [1, 2] }, b: { values: [3, 4] } }), [
      { a: 1, b: 3 },
      { a: 1, b: 4 },
      { a: 2, b: 3 },
      { a: 2, b: 4 }
    ])
  })

  it("finds a hill sooner by what it has tried than by chance, the same way each time", () => {
    const space = { x: { from: 0.001, to: 10, log: true }, n: { from: 1, to: 64, whole: true }, kind: { values: [0, 1, 2] } } as const
    const score = ({ kind, n, x }: Readonly<Record<string, number>>) =>
      -((Math.log10(x!) + 1) ** 2) - ((n! - 20) / 20) ** 2 - (kind === 1 ? 0 : 1)
    const best = (seed: number) => searchBest(space, 50, seed, score)[0]!
    assert.deepStrictEqual(best(1), best(1))
    const scores = [1, 2, 3, 4, 5].map((seed) => best(seed).score)
    assert.isAbove(scores.reduce((sum, value) => sum + value, 0) / 5, -0.1)
    assert.isTrue(Number.isInteger(best(1).point["n"]))
  })
})

describe("importance", () => {
  const rows = 1500
  const values = Float64Array.from({ length: rows * 4 }, (_, index) =>
    index % 4 === 3 && random.uniform() < 0.3 ? Number.NaN : random.normal()
  )
  const labels = Uint8Array.from({ length: rows }, (_, row) => (2 * values[row * 4]! + values[row * 4 + 1]! + random.normal() > 0 ? 1 : 0))
  const table = tableOf(values, labels)
  const forest = fitForest(table, { trees: 40, depthMax: 6, leafRowsMin: 5, seed: 1 })

  it("ranks features by what they tell, by each of three measures", () => {
    const information = mutualInformation(table)
    const permutation = permutationImportance(table, (row, at) => predictForest(forest, row, at), rocAuc, { repeats: 2, seed: 1 })
    for (const measure of [information, permutation]) {
      assert.isAbove(measure[0]!, measure[1]!)
      assert.isAbove(measure[1]!, 5 * Math.abs(measure[2]!))
    }
    assert.isBelow(information[3]!, 0.01)
  })

  it("path contributions add up to the prediction less the roots' mean", () => {
    for (let row = 0; row < 50; row++) {
      const out = new Float64Array(4)
      pathContributions(forest.trees, values, row * 4, out)
      const roots = forest.trees.reduce((sum, tree) => sum + tree.values[0]!, 0)
      assert.closeTo(out.reduce((sum, part) => sum + part, roots) / 40, predictForest(forest, values, row * 4), 1e-9)
    }
  })
})

describe("ensembles and intervals", () => {
  const rows = 2000
  const truth = Float64Array.from({ length: rows }, () => random.uniform())
  const labels = Uint8Array.from(truth, (chance) => (random.uniform() < chance ? 1 : 0))
  const good = truth.map((chance) => Math.min(0.99, Math.max(0.01, chance + 0.05 * random.normal())))
  const bad = truth.map(() => random.uniform())

  it("give weight to the member that knows", () => {
    for (const blend of [fitVote([good, bad], labels), fitStack([good, bad], labels)]) {
      assert.isAbove(blend.weights[0]!, 1.3 * blend.weights[1]!)
      assert.isTrue(applyBlend(blend, [0.9, 0.5]) > applyBlend(blend, [0.1, 0.5]))
    }
    assert.isAbove(fitVote([good, bad], labels, undefined, [1, 9]).weights[1]!, fitVote([good, bad], labels).weights[1]!)
  })

  it("hold the truth between their ends, closer together where more is known", () => {
    const wide = fitVennAbers(good.slice(0, 60), labels.slice(0, 60))
    const narrow = fitVennAbers(good, labels)
    const width = ([low, high]: readonly [number, number]) => high - low
    let wider = 0
    for (const score of [0.2, 0.35, 0.5, 0.65, 0.8]) {
      const [low, high] = intervalOf(narrow, score)
      assert.isTrue(low <= score + 0.12 && high >= score - 0.12, `${low} to ${high} at ${score}`)
      if (width(intervalOf(wide, score)) > width([low, high])) wider++
    }
    assert.isAtLeast(wider, 4)
  })

  it("centred isotonic calibration rises everywhere and keeps the level", () => {
    const curve = fitIsotonic(good, labels, undefined, true)
    for (let i = 1; i < curve.scores.length; i++) assert.isAbove(curve.values[i]!, curve.values[i - 1]!)
    assert.isBelow(
      calibrationError(
        labels,
        good.map((score) => applyIsotonic(curve, score))
      ),
      0.05
    )
  })

  it("figures with intervals over events agree with the plain ones, and widen with fewer events", () => {
    const report = (events: number) =>
      reportFigures(
        labels,
        good,
        Array.from({ length: rows }, (_, row) => row % events),
        { rounds: 60, seed: 1 }
      )!
    const many = report(200)
    assert.closeTo(many.averagePrecision.value, averagePrecision(labels, good), 1e-12)
    assert.closeTo(many.rocAuc.value, rocAuc(labels, good), 1e-12)
    assert.closeTo(many.brierSkill.value, brierSkill(labels, good), 1e-12)
    assert.isTrue(many.rocAuc.low <= many.rocAuc.value && many.rocAuc.value <= many.rocAuc.high)
    assert.isUndefined(reportFigures(new Uint8Array(0), new Float64Array(0), [], { rounds: 2, seed: 1 }))
  })
})
