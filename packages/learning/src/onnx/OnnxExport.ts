/**
 * A model as an ONNX file, for whoever serves it elsewhere: features in (missing as NaN); a probability for each head, and its interval, out.
 *
 * It says what the model says here, to 1e-6: numbers are 64-bit floats, rounded to 32 bits where the model rounds them. onnxruntime's trees add
 * up in 32 bits, so each tree has an output of its own and the sum is plain arithmetic; kernels and curves are too.
 */
import type { Head, Member, Model } from "../model/Model.ts"
import type { Tree } from "../tree/Tree.ts"
import { mlDomain, OnnxGraph } from "./OnnxGraph.ts"
import { encodeMetadata } from "./OnnxMetadata.ts"

/** The forms of a row that members ask. */
interface Row {
  /** 32-bit floats. */
  readonly raw: string
  /** Scaled, 64-bit floats. */
  readonly scaled: string
}

/** The sum of what all trees say. */
const sumOfTrees = (graph: OnnxGraph, raw: string, trees: ReadonlyArray<Tree>): string => {
  const nodes = {
    trees: [] as Array<number>,
    nodes: [] as Array<number>,
    features: [] as Array<number>,
    values: [] as Array<number>,
    modes: [] as Array<string>,
    yes: [] as Array<number>,
    no: [] as Array<number>
  }
  const leaves = { trees: [] as Array<number>, nodes: [] as Array<number>, weights: [] as Array<number> }
  for (const [tree, { features, rights, thresholds, values }] of trees.entries()) {
    for (let node = 0; node < features.length; node++) {
      const inner = features[node]! >= 0
      nodes.trees.push(tree)
      nodes.nodes.push(node)
      nodes.features.push(inner ? features[node]! : 0)
      nodes.values.push(inner ? thresholds[node]! : 0)
      nodes.modes.push(inner ? "BRANCH_GT" : "LEAF")
      nodes.yes.push(inner ? rights[node]! : 0)
      nodes.no.push(inner ? rights[node]! - 1 : 0)
      if (inner) continue
      leaves.trees.push(tree)
      leaves.nodes.push(node)
      leaves.weights.push(values[node]!)
    }
  }
  const said = graph.node(
    "TreeEnsembleRegressor",
    [raw],
    {
      n_targets: trees.length,
      nodes_treeids: { ints: nodes.trees },
      nodes_nodeids: { ints: nodes.nodes },
      nodes_featureids: { ints: nodes.features },
      nodes_values: { floats: nodes.values },
      nodes_modes: { strings: nodes.modes },
      nodes_truenodeids: { ints: nodes.yes },
      nodes_falsenodeids: { ints: nodes.no },
      target_treeids: { ints: leaves.trees },
      target_nodeids: { ints: leaves.nodes },
      target_ids: { ints: leaves.trees },
      target_weights: { floats: leaves.weights }
    },
    mlDomain
  )
  return graph.weighted(graph.cast(said, "double"), new Float64Array(trees.length).fill(1))
}

/** `exp(-gamma * distance²)` of each support, from the squares of a row and a support and twice their product. */
const similarities = (graph: OnnxGraph, scaled: string, supports: Float32Array, features: number, gamma: number): string => {
  const count = supports.length / features
  const turned = new Float64Array(supports.length)
  const squares = new Float64Array(count)
  for (let support = 0; support < count; support++) {
    for (let feature = 0; feature < features; feature++) {
      const value = supports[support * features + feature]!
      turned[feature * count + support] = value
      squares[support]! += value * value
    }
  }
  const own = graph.weighted(graph.multiply(scaled, scaled), new Float64Array(features).fill(1))
  const both = graph.add(own, graph.constant(squares, [1, count]))
  const product = graph.node("MatMul", [scaled, graph.constant(turned, [features, count])])
  const distance = graph.subtract(both, graph.multiply(product, graph.scalar(2)))
  return graph.node("Exp", [graph.multiply(distance, graph.scalar(-gamma))])
}

const memberNode = (graph: OnnxGraph, member: Member, { raw, scaled }: Row): string => {
  const sigmoidOf = (score: string, intercept: number) => graph.node("Sigmoid", [graph.add(score, graph.scalar(intercept))])
  switch (member.kind) {
    case "logistic":
      return sigmoidOf(graph.weighted(scaled, member.model.weights), member.model.intercept)
    case "forest":
      return graph.divide(sumOfTrees(graph, raw, member.model.trees), graph.scalar(member.model.trees.length))
    case "boosting":
      return sigmoidOf(sumOfTrees(graph, raw, member.model.trees), member.model.base)
    case "network": {
      let from = scaled
      for (const [index, { biases, inputs, outputs, weights }] of member.model.layers.entries()) {
        const product = graph.node("MatMul", [from, graph.constant(weights, [inputs, outputs])])
        const sum = graph.add(product, graph.constant(biases, [outputs]))
        from = index + 1 < member.model.layers.length ? graph.node("Relu", [sum]) : sum
      }
      return graph.node("Sigmoid", [from])
    }
    case "kernel": {
      const { features, gamma, intercept, supports, weights } = member.model
      return sigmoidOf(graph.weighted(similarities(graph, scaled, supports, features, gamma), weights), intercept)
    }
  }
}

/** As `logit`. */
const logitNode = (graph: OnnxGraph, probability: string): string => {
  const bounded = graph.clip(probability, 1e-9, 1 - 1e-9)
  return graph.node("Log", [graph.divide(bounded, graph.subtract(graph.scalar(1), bounded))])
}

/** As `interpolate`: a curve of straight pieces as a sum of ramps. */
const curveNode = (graph: OnnxGraph, odds: string, scores: Float64Array, values: Float64Array): string => {
  const pieces = Array.from({ length: scores.length - 1 }, (_, index) => index).filter((index) => scores[index + 1]! > scores[index]!)
  if (pieces.length === 0) return graph.add(graph.multiply(odds, graph.scalar(0)), graph.scalar(values[0] ?? Number.NaN))
  const row = (valueOf: (piece: number) => number) => graph.constant(pieces.map(valueOf), [1, pieces.length])
  const starts = row((index) => scores[index]!)
  const lengths = row((index) => scores[index + 1]! - scores[index]!)
  const ramps = graph.node("Min", [graph.node("Relu", [graph.subtract(odds, starts)]), lengths])
  const slopes = pieces.map((index) => (values[index + 1]! - values[index]!) / (scores[index + 1]! - scores[index]!))
  return graph.add(graph.weighted(ramps, slopes), graph.scalar(values[0]!))
}

const headNodes = (graph: OnnxGraph, { blend, calibration, interval, members }: Head, row: Row) => {
  const stacked = blend.kind === "stack"
  const said = members.map((member) => {
    const probability = memberNode(graph, member, row)
    return stacked ? logitNode(graph, probability) : probability
  })
  const all = said.length === 1 ? said[0]! : graph.node("Concat", said, { axis: 1 })
  const sum = graph.add(graph.weighted(all, blend.weights), graph.scalar(blend.intercept))
  const odds = logitNode(graph, stacked ? graph.node("Sigmoid", [sum]) : sum)
  const probability =
    calibration.kind === "platt"
      ? graph.node("Sigmoid", [
          graph.add(graph.multiply(odds, graph.scalar(calibration.curve.slope)), graph.scalar(calibration.curve.intercept))
        ])
      : curveNode(graph, odds, calibration.curve.scores, calibration.curve.values)
  return {
    probability,
    low: graph.node("Min", [probability, curveNode(graph, odds, interval.scores, interval.low)]),
    high: graph.node("Max", [probability, curveNode(graph, odds, interval.scores, interval.high)])
  }
}

/** As `grow`. */
const growNode = (graph: OnnxGraph, value: string): string => {
  const size = graph.node("Abs", [value])
  const root = graph.node("Sqrt", [graph.add(graph.multiply(size, size), graph.scalar(1))])
  const near = graph.node("Log", [graph.add(size, root)])
  const far = graph.add(graph.node("Log", [size]), graph.scalar(Math.LN2))
  const grown = graph.node("Where", [graph.node("Less", [size, graph.scalar(1e8)]), near, far])
  return graph.multiply(grown, graph.node("Sign", [value]))
}

/** As `scaleRow`. */
const scaledNode = (graph: OnnxGraph, raw: string, { features, scaler }: Model): string => {
  const row = (values: ArrayLike<number>) => graph.constant(values, [1, features.length])
  const grown = growNode(graph, graph.divide(graph.cast(raw, "double"), row(scaler.scales)))
  const centred = graph.divide(graph.subtract(grown, row(scaler.means)), row(scaler.deviations))
  const known = graph.node("Where", [graph.node("IsNaN", [centred]), row(new Float64Array(features.length)), centred])
  return graph.cast(graph.cast(graph.clip(known, -6, 6), "float"), "double")
}

/**
 * Input `features` [rows, features], outputs `probabilities`, `low` and `high` [rows, heads]; what the columns are stands in the file's metadata.
 * `sha256` is of the model's own file.
 */
export const exportOnnx = (model: Model, { name, sha256 }: { readonly name: string; readonly sha256: string }): Uint8Array => {
  const graph = new OnnxGraph()
  const input = "features"
  const raw = graph.cast(input, "float")
  const row = { raw, scaled: scaledNode(graph, raw, model) }
  const heads = model.heads.map((head) => headNodes(graph, head, row))
  const outputs = { probabilities: "probability", low: "low", high: "high" } as const
  for (const [output, each] of Object.entries(outputs)) {
    graph.node(
      "Concat",
      heads.map((head) => head[each]),
      { axis: 1 },
      "",
      output
    )
  }
  return graph.finish(
    [input, model.features.length],
    Object.keys(outputs).map((output) => [output, heads.length]),
    encodeMetadata({ name, sha256, features: model.features, heads: model.heads })
  )
}
