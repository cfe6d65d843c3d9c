/**
 * Writes the nodes of an ONNX graph, one after the other. Every tensor is of 64-bit floats; trees alone ask 32-bit ones, for which onnxruntime has
 * them. Source: onnx.ai/onnx/operators and onnx.proto, opset 15 and ml 3.
 */
import { ProtoWriter } from "./ProtoWriter.ts"

export type Attribute =
  | number
  | string
  | { readonly floats: ArrayLike<number> }
  | { readonly ints: ArrayLike<number> }
  | { readonly strings: ReadonlyArray<string> }

const attributeType = { int: 2, string: 3, floats: 6, ints: 7, strings: 8 } as const
/** `TensorProto.DataType` */
export const tensorType = { float: 1, double: 11 } as const
const irVersion = 8
export const mlDomain = "ai.onnx.ml"

export class OnnxGraph {
  readonly nodes: Array<Uint8Array> = []
  readonly initializers: Array<Uint8Array> = []
  #names = 0

  #fresh(what: string): string {
    return `${what}_${this.#names++}`
  }

  constant(values: ArrayLike<number>, shape: ReadonlyArray<number>): string {
    const name = this.#fresh("c")
    const writer = new ProtoWriter()
    for (const size of shape) writer.integer(1, size)
    this.initializers.push(
      writer
        .integer(2, tensorType.double)
        .text(8, name)
        .bytes(9, new Uint8Array(Float64Array.from(values).buffer))
        .finish()
    )
    return name
  }

  /** Adds a node and answers with its output's name. */
  node(
    operator: string,
    inputs: ReadonlyArray<string>,
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = "",
    output = this.#fresh(operator)
  ): string {
    const writer = new ProtoWriter()
    for (const input of inputs) writer.text(1, input)
    writer.text(2, output).text(4, operator)
    for (const [name, value] of Object.entries(attributes)) {
      writer.message(5, (attribute) => {
        attribute.text(1, name)
        if (typeof value === "number") return attribute.integer(3, value).integer(20, attributeType.int)
        if (typeof value === "string") return attribute.text(4, value).integer(20, attributeType.string)
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

  cast(input: string, type: keyof typeof tensorType): string {
    return this.node("Cast", [input], { to: tensorType[type] })
  }

  add(left: string, right: string): string {
    return this.node("Add", [left, right])
  }

  subtract(left: string, right: string): string {
    return this.node("Sub", [left, right])
  }

  multiply(left: string, right: string): string {
    return this.node("Mul", [left, right])
  }

  divide(left: string, right: string): string {
    return this.node("Div", [left, right])
  }

  /** `input` within two bounds. */
  clip(input: string, least: number, most: number): string {
    return this.node("Clip", [input, this.constant([least], []), this.constant([most], [])])
  }

  /** The sum of each row of `weights.length` columns, weighted. */
  weighted(input: string, weights: ArrayLike<number>): string {
    return this.node("MatMul", [input, this.constant(weights, [weights.length, 1])])
  }

  /** The file: a graph of one input and some outputs, each a table of 64-bit floats of so many columns. */
  finish(input: Columns, outputs: ReadonlyArray<Columns>, metadata: ReadonlyArray<readonly [key: string, value: string]>): Uint8Array {
    const file = new ProtoWriter()
      .integer(1, irVersion)
      .text(2, "evenkeel")
      .message(7, (graph) => {
        for (const node of this.nodes) graph.bytes(1, node)
        graph.text(2, "evenkeel")
        for (const tensor of this.initializers) graph.bytes(5, tensor)
        graph.message(11, valueInfo(input))
        for (const output of outputs) graph.message(12, valueInfo(output))
      })
      .message(8, (opset) => opset.text(1, "").integer(2, 15))
      .message(8, (opset) => opset.text(1, mlDomain).integer(2, 3))
    for (const [key, value] of metadata) file.message(14, (entry) => entry.text(1, key).text(2, value))
    return file.finish()
  }
}

type Columns = readonly [name: string, columns: number]

const valueInfo =
  ([name, columns]: Columns) =>
  (writer: ProtoWriter) =>
    writer.text(1, name).message(2, (type) =>
      type.message(1, (tensor) =>
        tensor.integer(1, tensorType.double).message(2, (shape) => {
          shape.message(1, (dimension) => dimension.text(2, "rows"))
          shape.message(1, (dimension) => dimension.integer(1, columns))
        })
      )
    )
