/**
 * An ONNX model in the hand of a test: what it says of each head is the feature of the same column, and it never ends where a feature is above a limit.
 */
import { encodeMetadata, type OnnxMetadata } from "@evenkeel/learning/onnx/OnnxMetadata"
import { OnnxGraph, tensorType } from "@evenkeel/learning/onnx/OnnxGraph"
import { ProtoWriter } from "@evenkeel/learning/onnx/ProtoWriter"
import { coinFeatureNames } from "../../src/feature/coin/CoinFeatures.ts"

/** `AttributeProto.GRAPH`, and two of `TensorProto.DataType`. */
const graphAttribute = 5
const int64 = 7
const bool = 9

const scalar = (name: string, type: number) => (writer: ProtoWriter) =>
  writer.text(1, name).message(2, (info) => info.message(1, (tensor) => tensor.integer(1, type).message(2, () => {})))
const table = (name: string) => (writer: ProtoWriter) =>
  writer.text(1, name).message(2, (info) => info.message(1, (tensor) => tensor.integer(1, tensorType.double)))

/** What a loop does at each turn: nothing, for as long as it is asked. */
const body = new ProtoWriter()
for (const [from, to] of [
  ["go", "goes"],
  ["value", "same"]
] as const)
  body.message(1, (node) => node.text(1, from).text(2, to).text(4, "Identity"))
body.text(2, "turn").message(11, scalar("turns", int64)).message(11, scalar("go", bool)).message(11, table("value"))
body.message(12, scalar("goes", bool)).message(12, table("same"))

export const echoMetadata: OnnxMetadata = {
  name: "echo",
  sha256: "",
  features: coinFeatureNames.slice(0, 2),
  heads: [
    { label: "onset", horizonMinutes: 5 },
    { label: "state", horizonMinutes: 60 }
  ]
}

/** Its metadata says this, whatever its columns are. With a limit below 0 it does not end while it is loaded, which tries a row of zeros. */
export const echoModel = (metadata: Partial<OnnxMetadata> = {}, limit = 1000): Uint8Array => {
  const graph = new OnnxGraph()
  const most = graph.node("ReduceMax", ["features"], { keepdims: 0 })
  const over = graph.node("Relu", [graph.subtract(most, graph.constant([limit], []))])
  const turns = graph.node("Cast", [graph.multiply(over, graph.constant([1e12], []))], { to: int64 })
  const loop = new ProtoWriter().text(1, turns).text(1, "").text(1, "features").text(2, "probabilities").text(4, "Loop")
  loop.message(5, (attribute) => attribute.text(1, "body").bytes(6, body.finish()).integer(20, graphAttribute))
  graph.nodes.push(loop.finish())
  return graph.finish(["features", 2], [["probabilities", 2]], encodeMetadata({ ...echoMetadata, ...metadata }))
}
