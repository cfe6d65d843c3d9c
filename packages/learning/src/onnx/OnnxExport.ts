/**
 * A model as an ONNX file, for whoever serves it elsewhere: features in (32-bit floats, missing as NaN), one probability a head out.
 *
 * Trees are `TreeEnsembleRegressor`s and kernel machines `SVMRegressor`s of `ai.onnx.ml`; the rest is plain arithmetic, calibration too. Only the
 * intervals stay behind. Source: onnx.ai/onnx/operators, opset 15 and ml 3.
 */
import type { Head, Member, Model } from "../model/Model.ts"
import type { Tree } from "../tree/Tree.ts"
import { ProtoWriter } from "./ProtoWriter.ts"

type Attribute =
  | number
  | string
  | { readonly floats: ArrayLike<number> }
  | { readonly ints: ArrayLike<number> }
  | { readonly strings: ReadonlyArray<string> }
  | { readonly real: number }

const attributeType = { float: 1, int: 2, string: 3, floats: 6, ints: 7, strings: 8 } as const
const floatType = 1
const mlDomain = "ai.onnx.ml"

class Graph {
  readonly nodes: Array<Uint8Array> = []
  readonly initializers: Array<Uint8Array> = []
  #names = 0

  fresh(what: string): string {
    return `${what}_${this.#names++}`
  }

  constant(values: ArrayLike<number>, shape: ReadonlyArray<number>): string {
    const name = this.fresh("c")
    const writer = new ProtoWriter()
    for (const size of shape) writer.integer(1, size)
    this.initializers.push(
      writer
        .integer(2, floatType)
        .text(8, name)
        .bytes(9, new Uint8Array(Float32Array.from(values).buffer))
        .finish()
    )
    return name
  }

  node(
    operator: string,
    inputs: ReadonlyArray<string>,
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = "",
    output = this.fresh(operator)
  ): string {
    const writer = new ProtoWriter()
    for (const input of inputs) writer.text(1, input)
    writer.text(2, output).text(4, operator)
    for (const [name, value] of Object.entries(attributes)) {
      writer.message(5, (attribute) => {
        attribute.text(1, name)
        if (typeof value === "number") return attribute.integer(3, value).integer(20, attributeType.int)
        if (typeof value === "string") return attribute.text(4, value).integer(20, attributeType.string)
        if ("real" in value) return attribute.float(2, value.real).integer(20, attributeType.float)
        if ("floats" in value) {
          for (let i = 0; i < value.floats.length; i++) attribute.float(7, value.floats[i]!)
          return attribute.integer(20, attributeType.floats)
        }
        if ("ints" in value) {
          for (let i = 0; i < value.ints.length; i++) attribute.integer(8, value.ints[i]!)
          return attribute.integer(20, attributeType.ints)
        }
        for (const text of value.strings) attribute.text(9, text)
        return attribute.integer(20, attributeType.strings)
      })
    }
    if (domain !== "") writer.text(7, domain)
    this.nodes.push(writer.finish())
    return output
  }

  scalar(value: number): string {
    return this.constant([value], [1])
  }
}

const ensemble = (graph: Graph, input: string, trees: ReadonlyArray<Tree>, scale: number): string => {
  const ids = {
    trees: [] as Array<number>,
    nodes: [] as Array<number>,
    features: [] as Array<number>,
    values: [] as Array<number>,
    modes: [] as Array<string>,
    yes: [] as Array<number>,
    no: [] as Array<number>
  }
  const targets = { trees: [] as Array<number>, nodes: [] as Array<number>, ids: [] as Array<number>, weights: [] as Array<number> }
  for (const [tree, { features, rights, thresholds, values }] of trees.entries()) {
    for (let node = 0; node < features.length; node++) {
      const inner = features[node]! >= 0
      ids.trees.push(tree)
      ids.nodes.push(node)
      ids.features.push(inner ? features[node]! : 0)
      ids.values.push(inner ? thresholds[node]! : 0)
      ids.modes.push(inner ? "BRANCH_GT" : "LEAF")
      ids.yes.push(inner ? rights[node]! : 0)
      ids.no.push(inner ? rights[node]! - 1 : 0)
      if (inner) continue
      targets.trees.push(tree)
      targets.nodes.push(node)
      targets.ids.push(0)
      targets.weights.push(values[node]! * scale)
    }
  }
  return graph.node(
    "TreeEnsembleRegressor",
    [input],
    {
      n_targets: 1,
      nodes_treeids: { ints: ids.trees },
      nodes_nodeids: { ints: ids.nodes },
      nodes_featureids: { ints: ids.features },
      nodes_values: { floats: ids.values },
      nodes_modes: { strings: ids.modes },
      nodes_truenodeids: { ints: ids.yes },
      nodes_falsenodeids: { ints: ids.no },
      target_treeids: { ints: targets.trees },
      target_nodeids: { ints: targets.nodes },
      target_ids: { ints: targets.ids },
      target_weights: { floats: targets.weights }
    },
    mlDomain
  )
}

const memberNode = (graph: Graph, member: Member, raw: string, scaled: string): string => {
  switch (member.kind) {
    case "logistic": {
      const { intercept, weights } = member.model
      const score = graph.node("MatMul", [scaled, graph.constant(weights, [weights.length, 1])])
      return graph.node("Sigmoid", [graph.node("Add", [score, graph.scalar(intercept)])])
    }
    case "forest":
      return ensemble(graph, raw, member.model.trees, 1 / member.model.trees.length)
    case "boosting":
      return graph.node("Sigmoid", [graph.node("Add", [ensemble(graph, raw, member.model.trees, 1), graph.scalar(member.model.base)])])
    case "network": {
      let from = scaled
      for (const [index, { biases, inputs, outputs, weights }] of member.model.layers.entries()) {
        const product = graph.node("MatMul", [from, graph.constant(weights, [inputs, outputs])])
        const sum = graph.node("Add", [product, graph.constant(biases, [outputs])])
        from = index + 1 < member.model.layers.length ? graph.node("Relu", [sum]) : sum
      }
      return graph.node("Sigmoid", [from])
    }
    case "kernel": {
      const { gamma, intercept, supports, weights } = member.model
      const score = graph.node(
        "SVMRegressor",
        [scaled],
        {
          coefficients: { floats: weights },
          kernel_params: { floats: [gamma, 0, 0] },
          kernel_type: "RBF",
          n_supports: weights.length,
          one_class: 0,
          post_transform: "NONE",
          rho: { floats: [intercept] },
          support_vectors: { floats: supports }
        },
        mlDomain
      )
      return graph.node("Sigmoid", [score])
    }
  }
}

const logitNode = (graph: Graph, probability: string): string => {
  const bounded = graph.node("Clip", [probability, graph.constant([1e-7], []), graph.constant([1 - 1e-7], [])])
  return graph.node("Log", [graph.node("Div", [bounded, graph.node("Sub", [graph.scalar(1), bounded])])])
}

/** A curve of straight pieces as a sum of ramps. */
const curveNode = (graph: Graph, odds: string, scores: Float64Array, values: Float64Array): string => {
  const pieces = Array.from({ length: scores.length - 1 }, (_, index) => index).filter((index) => scores[index + 1]! > scores[index]!)
  if (pieces.length === 0) return graph.node("Add", [graph.node("Mul", [odds, graph.scalar(0)]), graph.scalar(values[0]!)])
  const starts = graph.constant(
    pieces.map((index) => scores[index]!),
    [1, pieces.length]
  )
  const lengths = graph.constant(
    pieces.map((index) => scores[index + 1]! - scores[index]!),
    [1, pieces.length]
  )
  const slopes = graph.constant(
    pieces.map((index) => (values[index + 1]! - values[index]!) / (scores[index + 1]! - scores[index]!)),
    [pieces.length, 1]
  )
  const ramps = graph.node("Min", [graph.node("Relu", [graph.node("Sub", [odds, starts])]), lengths])
  return graph.node("Add", [graph.node("MatMul", [ramps, slopes]), graph.scalar(values[0]!)])
}

const headNode = (graph: Graph, { blend, calibration, members }: Head, raw: string, scaled: string): string => {
  const stacked = blend.kind === "stack"
  const said = members.map((member) => {
    const probability = memberNode(graph, member, raw, scaled)
    return stacked ? logitNode(graph, probability) : probability
  })
  const all = said.length === 1 ? said[0]! : graph.node("Concat", said, { axis: 1 })
  const sum = graph.node("Add", [
    graph.node("MatMul", [all, graph.constant(blend.weights, [blend.weights.length, 1])]),
    graph.scalar(blend.intercept)
  ])
  const odds = stacked ? sum : logitNode(graph, sum)
  return calibration.kind === "platt"
    ? graph.node("Sigmoid", [
        graph.node("Add", [graph.node("Mul", [odds, graph.scalar(calibration.curve.slope)]), graph.scalar(calibration.curve.intercept)])
      ])
    : curveNode(graph, odds, calibration.curve.scores, calibration.curve.values)
}

const valueInfo = (name: string, columns: number) => (writer: ProtoWriter) =>
  writer.text(1, name).message(2, (type) =>
    type.message(1, (tensor) =>
      tensor.integer(1, floatType).message(2, (shape) => {
        shape.message(1, (dimension) => dimension.text(2, "rows"))
        shape.message(1, (dimension) => dimension.integer(1, columns))
      })
    )
  )

/** Input `features` [rows, features], output `probabilities` [rows, heads]. */
export const exportOnnx = (model: Model): Uint8Array => {
  const graph = new Graph()
  const count = model.features.length
  const raw = "features"
  const grown = graph.node("Asinh", [graph.node("Div", [raw, graph.constant(model.scaler.scales, [1, count])])])
  const centred = graph.node("Div", [
    graph.node("Sub", [grown, graph.constant(model.scaler.means, [1, count])]),
    // A feature that never varied is divided by infinity: by what 32 bits hold of it.
    graph.constant(
      model.scaler.deviations.map((deviation) => Math.min(deviation, 3e38)),
      [1, count]
    )
  ])
  const clipped = graph.node("Clip", [centred, graph.constant([-6], []), graph.constant([6], [])])
  const scaled = graph.node("Where", [graph.node("IsNaN", [raw]), graph.constant(new Float64Array(count), [1, count]), clipped])
  const heads = model.heads.map((head) => headNode(graph, head, raw, scaled))
  graph.node("Concat", heads, { axis: 1 }, "", "probabilities")
  return new ProtoWriter()
    .integer(1, 8)
    .text(2, "evenkeel")
    .message(7, (writer) => {
      for (const node of graph.nodes) writer.bytes(1, node)
      writer.text(2, "evenkeel")
      for (const tensor of graph.initializers) writer.bytes(5, tensor)
      writer.message(11, valueInfo(raw, count)).message(12, valueInfo("probabilities", heads.length))
    })
    .message(8, (opset) => opset.text(1, "").integer(2, 15))
    .message(8, (opset) => opset.text(1, mlDomain).integer(2, 3))
    .finish()
}
