/**
 * A model as bytes: what it was trained on, which features it asks for, and its weights, with a hash over all of it.
 *
 * ```text
 *  0  "EVKMODEL"   8  u32 format   12  u32 bytes of the header   16  header, JSON   then the arrays, 8-byte aligned
 * end - 32  SHA-256 of everything before
 * ```
 *
 * The header is the model itself with a reference in place of each array. Numbers are little-endian.
 */
import { Result } from "effect"
import { createHash } from "node:crypto"
import type { FeatureProfile } from "../drift/Drift.ts"
import type { Tree } from "../tree/Tree.ts"
import type { Model } from "./Model.ts"

export const modelFormat = 1
const magic = new TextEncoder().encode("EVKMODEL")
const hashBytes = 32
const headerAt = 16

export interface TrainedFile {
  readonly name: string
  readonly sha256: string
  /** Rows of a price file; bars of all coins of a journal's segment. */
  readonly rows: number
  /** The first and the last of them, Unix ms, of a journal's segment: the same market may lie in price files, which have other bytes. */
  readonly span?: { readonly from: number; readonly to: number }
}

/** Where a model comes from. */
export interface Provenance {
  /** The last row that it has seen, Unix ms. */
  readonly until: number
  readonly seed: number
  /** Files that it was trained on, by name and SHA-256. */
  readonly files: ReadonlyArray<TrainedFile>
  /** Breaks that it has seen. */
  readonly events: ReadonlyArray<{ readonly coin: string; readonly onset: number; readonly end: number }>
  /** The options that it was fitted with, as JSON. */
  readonly recipe: unknown
  /** What each feature was like, to see by when it is like that no more. */
  readonly profiles: ReadonlyArray<FeatureProfile>
  /** What was measured when it was trained, on events that it had not seen then. */
  readonly figures: unknown
}

export interface ModelFile {
  readonly name: string
  readonly provenance: Provenance
  readonly model: Model
}

/** Why bytes are no model that can serve. */
export type ModelProblem =
  | { readonly _tag: "NotAModel" }
  | { readonly _tag: "Truncated"; readonly bytes: number }
  | { readonly _tag: "Altered" }
  | { readonly _tag: "FutureFormat"; readonly format: number }
  | { readonly _tag: "Malformed"; readonly problem: string }
  | { readonly _tag: "OtherFeatures"; readonly missing: ReadonlyArray<string> }
  | { readonly _tag: "TooLarge"; readonly limit: number }

export const explainModelProblem = (problem: ModelProblem): string => {
  switch (problem._tag) {
    case "NotAModel":
      return "is no model file: make one with `evenkeel train`"
    case "Truncated":
      return `ends after ${problem.bytes} bytes, before the model does: copy or train it again`
    case "Altered":
      return "is not what was written (its hash differs): copy or train it again"
    case "FutureFormat":
      return `has format ${problem.format}, and this version reads up to ${modelFormat}: update Evenkeel, or train a model with this version`
    case "Malformed":
      return `is damaged: ${problem.problem}; train it again`
    case "OtherFeatures":
      return `asks for features that this version does not make (${problem.missing.slice(0, 5).join(", ")}): train it again`
    case "TooLarge":
      return `needs more than the ${problem.limit} bytes that a served model may take: train with fewer trees`
  }
}

const arrays = { f64: Float64Array, f32: Float32Array, i32: Int32Array, i16: Int16Array } as const
type ArrayKind = keyof typeof arrays
type AnyArray = Float64Array | Float32Array | Int32Array | Int16Array
const kindOf = (array: AnyArray): ArrayKind =>
  array instanceof Float64Array ? "f64" : array instanceof Float32Array ? "f32" : array instanceof Int32Array ? "i32" : "i16"

interface ArrayReference {
  readonly $: ArrayKind
  readonly at: number
  readonly length: number
}

const isArray = (value: unknown): value is AnyArray =>
  value instanceof Float64Array || value instanceof Float32Array || value instanceof Int32Array || value instanceof Int16Array

/** All trees of a list, one after the other: their lengths, then their nodes. */
const joinTrees = (trees: ReadonlyArray<Tree>) => {
  const join = (list: (tree: Tree) => ArrayLike<number>) => trees.flatMap((tree) => Array.from(list(tree)))
  return {
    lengths: Int32Array.from(trees, ({ features }) => features.length),
    features: Int16Array.from(join((tree) => tree.features)),
    thresholds: Float32Array.from(join((tree) => tree.thresholds)),
    rights: Int32Array.from(join((tree) => tree.rights)),
    values: Float32Array.from(join((tree) => tree.values))
  }
}

const splitTrees = ({ features, lengths, rights, thresholds, values }: ReturnType<typeof joinTrees>): ReadonlyArray<Tree> => {
  let from = 0
  return Array.from(lengths, (length) => {
    const to = from + length
    const tree = {
      features: features.slice(from, to),
      thresholds: Float64Array.from(thresholds.subarray(from, to)),
      rights: rights.slice(from, to),
      values: Float64Array.from(values.subarray(from, to))
    }
    from = to
    return tree
  })
}

export const encodeModel = (file: ModelFile): Uint8Array => {
  const chunks: Array<AnyArray> = []
  let at = 0
  const refer = (value: unknown): unknown => {
    if (isArray(value)) {
      const reference: ArrayReference = { $: kindOf(value), at, length: value.length }
      chunks.push(value)
      at += Math.ceil(value.byteLength / 8) * 8
      return reference
    }
    return value
  }
  const replace = (_: string, value: unknown): unknown =>
    Array.isArray(value) && value.length > 0 && typeof value[0] === "object" && value[0] !== null && "rights" in value[0]
      ? { $trees: joinTrees(value as ReadonlyArray<Tree>) }
      : refer(value)
  const header = new TextEncoder().encode(JSON.stringify(file, replace))
  const start = Math.ceil((headerAt + header.length) / 8) * 8
  const bytes = new Uint8Array(start + at + hashBytes)
  const view = new DataView(bytes.buffer)
  bytes.set(magic)
  view.setUint32(8, modelFormat, true)
  view.setUint32(12, header.length, true)
  bytes.set(header, headerAt)
  let position = start
  for (const chunk of chunks) {
    bytes.set(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength), position)
    position += Math.ceil(chunk.byteLength / 8) * 8
  }
  bytes.set(createHash("sha256").update(bytes.subarray(0, -hashBytes)).digest(), bytes.length - hashBytes)
  return bytes
}

export const decodeModel = (bytes: Uint8Array): ModelFile | ModelProblem => {
  if (bytes.length < magic.length || magic.some((byte, index) => bytes[index] !== byte)) return { _tag: "NotAModel" }
  if (bytes.length < headerAt + hashBytes) return { _tag: "Truncated", bytes: bytes.length }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const format = view.getUint32(8, true)
  if (format > modelFormat) return { _tag: "FutureFormat", format }
  const headerBytes = view.getUint32(12, true)
  const start = Math.ceil((headerAt + headerBytes) / 8) * 8
  if (start + hashBytes > bytes.length) return { _tag: "Truncated", bytes: bytes.length }
  const hash = createHash("sha256").update(bytes.subarray(0, -hashBytes)).digest()
  if (hash.compare(bytes.subarray(-hashBytes)) !== 0) {
    // Cut off behind the header it looks altered as well: how long it should be stands there.
    return lengthOf(bytes, headerBytes, start) > bytes.length ? { _tag: "Truncated", bytes: bytes.length } : { _tag: "Altered" }
  }
  const parsed = Result.try(() => parseHeader(bytes, headerBytes, start))
  if (Result.isFailure(parsed)) return { _tag: "Malformed", problem: String(parsed.failure) }
  const problem = shapeProblem(parsed.success)
  return problem === undefined ? parsed.success : { _tag: "Malformed", problem }
}

const parseHeader = (bytes: Uint8Array, headerBytes: number, start: number): ModelFile =>
  JSON.parse(new TextDecoder().decode(bytes.subarray(headerAt, headerAt + headerBytes)), (_, value: unknown) => {
    if (typeof value !== "object" || value === null) return value
    if ("$trees" in value) return splitTrees(value.$trees as ReturnType<typeof joinTrees>)
    if (!("$" in value)) return value
    const { $, at, length } = value as ArrayReference
    const Kind = arrays[$]
    // A copy: the bytes may be a view of more, and lie anywhere in it.
    return new Kind(new Uint8Array(bytes.subarray(start + at, start + at + length * Kind.BYTES_PER_ELEMENT)).buffer)
  }) as ModelFile

/** How long the file should be, by the last array that its header names; 0 when that cannot be read. */
const lengthOf = (bytes: Uint8Array, headerBytes: number, start: number): number => {
  const text = new TextDecoder().decode(bytes.subarray(headerAt, headerAt + headerBytes))
  let end = 0
  for (const [, kind, at, length] of text.matchAll(/\{"\$":"(f64|f32|i32|i16)","at":(\d+),"length":(\d+)\}/g)) {
    end = Math.max(end, Number(at) + Math.ceil((Number(length) * arrays[kind as ArrayKind].BYTES_PER_ELEMENT) / 8) * 8)
  }
  return start + end + hashBytes
}

const finite = (list: ArrayLike<number>): boolean => Array.from(list).every(Number.isFinite)

/** What would make a kernel read where it must not, or say what is no number. */
const shapeProblem = ({ model }: ModelFile): string | undefined => {
  const { features, heads, scaler } = model
  if (features.length === 0 || heads.length === 0) return "it has no features or no heads"
  if (features.length > 254) return "it has more features than a tree can name"
  if ([scaler.scales, scaler.means, scaler.deviations].some(({ length }) => length !== features.length))
    return "its scaler is of another size"
  for (const { blend, members } of heads) {
    if (members.length === 0 || members.length > 8 || blend.weights.length !== members.length) return "a head's members and weights differ"
    for (const member of members) {
      switch (member.kind) {
        case "forest":
        case "boosting":
          for (const tree of member.model.trees) {
            if (!finite(tree.values) || !finite(tree.thresholds)) return "a tree holds what is no number"
            for (const [node, feature] of tree.features.entries()) {
              if (feature >= features.length) return "a tree asks for a feature that there is none of"
              if (feature >= 0 && (tree.rights[node]! <= node + 1 || tree.rights[node]! >= tree.features.length))
                return "a tree does not end"
            }
          }
          break
        case "network":
          if (member.model.layers[0]?.inputs !== features.length) return "a network is of another size"
          for (const { biases, inputs, outputs, weights } of member.model.layers) {
            if (weights.length !== inputs * outputs || biases.length !== outputs) return "a layer is of another size"
            if (!finite(weights) || !finite(biases)) return "a network holds what is no number"
          }
          break
        case "kernel":
          if (member.model.features !== features.length || member.model.supports.length !== member.model.weights.length * features.length) {
            return "a kernel machine is of another size"
          }
          if (!finite(member.model.supports) || !finite(member.model.weights)) return "a kernel machine holds what is no number"
          break
        case "logistic":
          if (member.model.weights.length !== features.length || !finite(member.model.weights)) return "a regression is of another size"
      }
    }
  }
  return undefined
}
