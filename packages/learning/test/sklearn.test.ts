/** The estimators against scikit-learn's figures on the same data; `scripts/sklearn-reference.py` made them. */
import { assert, describe, it } from "@effect/vitest"
import { fitBoosting, predictBoosting } from "../src/boosting/GradientBoosting.ts"
import { applyIsotonic, fitIsotonic } from "../src/calibration/Isotonic.ts"
import { fitPlatt } from "../src/calibration/Platt.ts"
import { type Table, tableOf } from "../src/data/Table.ts"
import { fitForest, predictForest } from "../src/forest/RandomForest.ts"
import { fitOnSupports, predictKernelMachine } from "../src/kernel/KernelMachine.ts"
import { fitLogistic, logit, predictLogistic } from "../src/logistic/LogisticRegression.ts"
import { averagePrecision, brierScore, logLoss, rocAuc } from "../src/metric/Ranking.ts"
import { fitNetwork, predictNetwork } from "../src/network/Network.ts"
import type { Tree } from "../src/tree/Tree.ts"
import reference from "./sklearn.json" with { type: "json" }

const features = 8

/** The same rows as `made` in the script. */
const made = (rows: number, start: number): Table => {
  let seed = start
  const next = () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) >>> 24
  const values = new Float64Array(rows * features)
  const labels = new Uint8Array(rows)
  for (let row = 0; row < rows; row++) {
    const x = values.subarray(row * features, (row + 1) * features)
    for (let i = 0; i < features; i++) x[i] = ((next() >>> 1) - 64) / 16
    const noise = (next() + next() + next() + next() - 512) / 64
    labels[row] = 1.5 * x[0]! - x[1]! + (x[2]! * x[3]!) / 2 + Math.max(0, x[4]!) + noise - 1 > 0 ? 1 : 0
  }
  return tableOf(values, labels)
}
const train = made(1200, 1)
const test = made(800, 2)
const predictions = (predict: (values: Float64Array, offset: number) => number, rows = 800) =>
  Float64Array.from({ length: rows }, (_, row) => predict(test.values, row * features))
const assertClose = (actual: ArrayLike<number>, expected: ReadonlyArray<number>, tolerance: number) => {
  for (const [index, value] of expected.entries()) assert.closeTo(actual[index]!, value, tolerance, `at ${index}`)
}

/** Nodes in the order in which scikit-learn numbers them: a node, its left side, its right side. */
const preorder = (tree: Tree, node = 0): ReadonlyArray<readonly [number, number]> =>
  tree.features[node]! < 0
    ? [[-1, tree.values[node]!]]
    : [[tree.features[node]!, tree.thresholds[node]!], ...preorder(tree, tree.rights[node]! - 1), ...preorder(tree, tree.rights[node]!)]

describe("against scikit-learn", () => {
  it("one tree asks the same questions in the same places", () => {
    const { trees } = fitForest(train, { trees: 1, depthMax: 4, leafRowsMin: 30, featuresTried: features, wholeSample: true, seed: 1 })
    const nodes = preorder(trees[0]!)
    assert.deepStrictEqual(
      nodes.map(([feature]) => feature),
      reference.tree.map(([feature]) => feature!)
    )
    assertClose(
      nodes.map(([, value]) => value),
      reference.tree.map(([, value]) => value!),
      1e-6
    )
  })

  it("a forest and boosting rank as well", () => {
    const forest = fitForest(train, { trees: 100, depthMax: 8, leafRowsMin: 3, seed: 1 })
    assert.closeTo(
      rocAuc(
        test.labels,
        predictions((values, at) => predictForest(forest, values, at))
      ),
      reference.forestAuc,
      0.01
    )
    const boosting = fitBoosting(train, { trees: 80, depthMax: 4, leafRowsMin: 10, rate: 0.1, penalty: 0, seed: 1 })
    const said = predictions((values, at) => predictBoosting(boosting, values, at))
    assert.closeTo(rocAuc(test.labels, said), reference.boostingAuc, 0.01)
    assertClose(said, reference.boostingProbabilities, 0.05)
  })

  it("logistic regression finds the same weights", () => {
    const model = fitLogistic(train, 1)
    assertClose(model.weights, reference.logistic.weights, 1e-5)
    assert.closeTo(model.intercept, reference.logistic.intercept, 1e-5)
    assertClose(
      predictions((values, at) => predictLogistic(model, values, at), 40),
      reference.logistic.probabilities,
      1e-6
    )
  })

  it("a kernel machine on the same supports says the same", () => {
    const { gamma, penalty, probabilities, supports } = reference.kernel
    const machine = fitOnSupports(train, Float32Array.from(train.values.subarray(0, supports * features)), gamma, penalty)
    assertClose(
      predictions((values, at) => predictKernelMachine(machine, values, at), 40),
      probabilities,
      1e-6
    )
  })

  it("a network with the same weights says the same, and one of ours learns as much", () => {
    const sizes = [features, 12, 6, 1]
    const layers = reference.network.weights.map((weights, index) => ({
      inputs: sizes[index]!,
      outputs: sizes[index + 1]!,
      weights: Float32Array.from(weights),
      biases: Float32Array.from(reference.network.biases[index]!)
    }))
    assertClose(
      predictions((values, at) => predictNetwork({ layers }, values, at), 40),
      reference.network.probabilities,
      1e-6
    )
    const own = fitNetwork(train, { hidden: [12, 6], epochs: 300, batch: 200, rate: 0.001, decay: 0, seed: 1 })
    assert.isAbove(
      rocAuc(
        test.labels,
        predictions((values, at) => predictNetwork(own, values, at))
      ),
      reference.network.auc - 0.01
    )
  })

  it("calibration draws the same curves", () => {
    const model = fitLogistic(train, 1)
    const scores = predictions((values, at) => logit(predictLogistic(model, values, at)))
    const isotonic = fitIsotonic(scores, test.labels)
    assertClose(
      reference.isotonic.at.map((score) => applyIsotonic(isotonic, score)),
      reference.isotonic.values,
      1e-4
    )
    const platt = fitPlatt(scores, test.labels)
    assert.closeTo(platt.slope, reference.platt.slope, 1e-3)
    assert.closeTo(platt.intercept, reference.platt.intercept, 1e-3)
  })

  it("measures are the same", () => {
    const model = fitLogistic(train, 1)
    const said = predictions((values, at) => predictLogistic(model, values, at))
    assert.closeTo(averagePrecision(test.labels, said), reference.metrics.averagePrecision, 1e-6)
    assert.closeTo(rocAuc(test.labels, said), reference.metrics.rocAuc, 1e-6)
    assert.closeTo(brierScore(test.labels, said), reference.metrics.brier, 1e-6)
    assert.closeTo(logLoss(test.labels, said), reference.metrics.logLoss, 1e-6)
  })
})
