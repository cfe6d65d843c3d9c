/**
 * A model laid out for the kernels, in memory that threads share: one thread packs it, another predicts from it at once, because
 * everything that is needed is numbers at addresses, and nothing has to be built on the reader's side.
 *
 * ```text
 * int32   0 bytes   1 features   2 heads   3 scaler   4 inputs   then 12 for each head, then 8 for each member
 * head    label, horizon minutes, members, first member, blend kind, blend, calibration kind, points, calibration, points, interval, 0
 * member  kind and what it needs: addresses and counts, see `pack`
 * ```
 *
 * Addresses are bytes from the memory's start. Scalers, blends, curves and intervals are f64, everything that kernels read is f32.
 */
import { type Head, headLabels, type Member, memberKinds, type Model } from "../model/Model.ts"
import { grow } from "../data/Scaler.ts"
import { logit, sigmoid } from "../logistic/LogisticRegression.ts"
import type { Tree } from "../tree/Tree.ts"
import { type KernelMemory, type Kernels, loadKernels } from "./Kernels.ts"

const headFields = 12
const memberFields = 8
const directoryStart = 5
/** The feature that leaves ask for: minus infinity in every row. */
const sentinel = 255
const treesTogether = 20
const unitsTogether = 32
const supportsTogether = 16
const membersMax = 8
const kinds = Object.fromEntries(memberKinds.map((kind, index) => [kind, index])) as Record<Member["kind"], number>
const blendKinds = ["vote", "stack"] as const
const calibrationKinds = ["isotonic", "platt"] as const

const roundUp = (count: number, together: number): number => Math.ceil(count / together) * together

/**
 * Writes a model into `memory` from the byte `base` on; returns how many bytes it took, or -1 when `limit` bytes do not hold it. `inputs` says
 * where in the reader's rows each of the model's features stands.
 */
export const packModel = (
  model: Model,
  memory: KernelMemory,
  base: number,
  limit: number,
  inputs: ArrayLike<number> = model.features.map((_, index) => index)
): number => {
  const { buffer } = memory
  const int32 = new Int32Array(buffer)
  const float32 = new Float32Array(buffer)
  const float64 = new Float64Array(buffer)
  const members = model.heads.reduce((sum, head) => sum + head.members.length, 0)
  let top = base + (directoryStart + headFields * model.heads.length + memberFields * members) * 4
  let full = false
  const claim = (bytes: number): number => {
    const at = roundUp(top, 64)
    top = at + bytes
    full ||= top > base + limit
    return full ? base : at
  }
  const put64 = (...lists: ReadonlyArray<ArrayLike<number>>): number => {
    const at = claim(lists.reduce((sum, { length }) => sum + length * 8, 0))
    let index = at >> 3
    if (!full) for (const list of lists) for (let i = 0; i < list.length; i++) float64[index++] = list[i]!
    return at
  }
  const put32 = (count: number, value: (index: number) => number): number => {
    const at = claim(count * 4)
    if (!full) for (let i = 0; i < count; i++) float32[(at >> 2) + i] = value(i)
    return at
  }
  const putTrees = (trees: ReadonlyArray<Tree>): readonly [nodes: number, roots: number, count: number, depth: number] => {
    const count = roundUp(trees.length, treesTogether)
    const total = trees.reduce((sum, { features }) => sum + features.length, 0)
    const nodes = claim((total + 1) * 8)
    const roots = claim(count * 4)
    let depth = 0
    if (full) return [nodes, roots, count, depth]
    let first = 0
    for (const [index, tree] of trees.entries()) {
      const levels = new Int32Array(tree.features.length)
      int32[(roots >> 2) + index] = first
      for (let node = 0; node < tree.features.length; node++) {
        const at = (nodes >> 2) + (first + node) * 2
        const inner = tree.features[node]! >= 0
        float32[at] = inner ? tree.thresholds[node]! : tree.values[node]!
        int32[at + 1] = ((first + (inner ? tree.rights[node]! - 1 : node)) << 8) | (inner ? tree.features[node]! : sentinel)
        if (!inner) continue
        levels[tree.rights[node]!] = levels[tree.rights[node]! - 1] = levels[node]! + 1
        depth = Math.max(depth, levels[node]! + 1)
      }
      first += tree.features.length
    }
    // Trees that fill up the last twenty say nothing.
    float32[(nodes >> 2) + first * 2] = 0
    int32[(nodes >> 2) + first * 2 + 1] = (first << 8) | sentinel
    for (let index = trees.length; index < count; index++) int32[(roots >> 2) + index] = first
    return [nodes, roots, count, depth]
  }
  const fieldsOf = (member: Member): ReadonlyArray<number> => {
    switch (member.kind) {
      case "logistic":
        return [put64(member.model.weights, [member.model.intercept])]
      case "forest":
        return [...putTrees(member.model.trees), put64([1 / member.model.trees.length])]
      case "boosting":
        return [...putTrees(member.model.trees), put64([member.model.base])]
      case "network": {
        const { layers } = member.model
        // Units are filled up to whole blocks with such that are always 0.
        let inputs = layers[0]!.inputs
        const list = layers.slice(0, -1).flatMap(({ biases, inputs: given, outputs, weights }) => {
          const padded = roundUp(outputs, unitsTogether)
          const from = inputs
          const address = put32(from * padded, (index) => {
            const unit = Math.floor(index / (from * unitsTogether)) * unitsTogether + (index % unitsTogether)
            const input = Math.floor((index % (from * unitsTogether)) / unitsTogether)
            return unit < outputs && input < given ? weights[input * outputs + unit]! : 0
          })
          inputs = padded
          return [from, padded, address, put32(padded, (unit) => (unit < outputs ? biases[unit]! : 0))]
        })
        const last = layers.at(-1)!
        const width = roundUp(inputs, 4)
        const weights = put32(width, (input) => (input < last.inputs ? last.weights[input]! : 0))
        const table = claim(list.length * 4)
        if (!full) int32.set(list, table >> 2)
        return [layers.length - 1, table, width, weights, put64([last.biases[0]!])]
      }
      case "kernel": {
        const { features, gamma, intercept, supports, weights } = member.model
        const count = roundUp(weights.length, supportsTogether)
        const block = features * supportsTogether
        return [
          put32(count * features, (index) => {
            const support = Math.floor(index / block) * supportsTogether + (index % supportsTogether)
            return support < weights.length ? supports[support * features + Math.floor((index % block) / supportsTogether)]! : 0
          }),
          put32(count, (support) => weights[support] ?? 0),
          count,
          features,
          put64([gamma, intercept])
        ]
      }
    }
  }
  const headFieldsOf = (head: Head, firstMember: number): ReadonlyArray<number> => {
    const { blend, calibration, interval } = head
    const points = calibration.kind === "isotonic" ? calibration.curve.scores.length : 1
    return [
      headLabels.indexOf(head.label),
      head.horizonMinutes,
      head.members.length,
      firstMember,
      blendKinds.indexOf(blend.kind),
      put64(blend.weights, [blend.intercept]),
      calibrationKinds.indexOf(calibration.kind),
      points,
      calibration.kind === "isotonic"
        ? put64(calibration.curve.scores, calibration.curve.values)
        : put64([calibration.curve.slope], [calibration.curve.intercept]),
      interval.scores.length,
      put64(interval.scores, interval.low, interval.high)
    ]
  }

  const start = base >> 2
  const scaler = put64(model.scaler.scales, model.scaler.means, model.scaler.deviations)
  const rows = claim(inputs.length * 4)
  if (!full) int32.set(Array.from(inputs), rows >> 2)
  let member = start + directoryStart + headFields * model.heads.length
  for (const [index, head] of model.heads.entries()) {
    const fields = headFieldsOf(head, member)
    if (!full) int32.set(fields, start + directoryStart + headFields * index)
    for (const each of head.members) {
      const values = [kinds[each.kind], ...fieldsOf(each)]
      if (!full) int32.set(values, member)
      member += memberFields
    }
  }
  if (full) return -1
  int32.set([top - base, model.features.length, model.heads.length, scaler, rows], start)
  return top - base
}

/** Bytes in front of the first model: room for rows, layers and results of one reader. */
export const scratchBytes = 16_384
const rawRow = 2048
const scaledRow = rawRow + 1024
const layerFrom = scaledRow + 1024
const layerTo = layerFrom + 4096
const result = layerTo + 4096

/** Predicts from a packed model, without allocation. One reader to a memory: its scratch lies in front. */
export class PackedModel {
  readonly #kernels: Kernels
  readonly #int32: Int32Array
  readonly #float32: Float32Array
  readonly #float64: Float64Array
  /** What each member of the head said that was predicted last. */
  readonly members = new Float64Array(membersMax)
  #base = 0
  #scaled = false

  constructor(memory: KernelMemory) {
    this.#kernels = loadKernels(memory)
    this.#int32 = new Int32Array(memory.buffer)
    this.#float32 = new Float32Array(memory.buffer)
    this.#float64 = new Float64Array(memory.buffer)
    this.#float32[(rawRow >> 2) + sentinel] = Number.NEGATIVE_INFINITY
  }

  /** The model at byte `base` answers from now on. */
  select(base: number): void {
    this.#base = base >> 2
  }

  get heads(): number {
    return this.#int32[this.#base + 2]!
  }

  labelOf(head: number): number {
    return this.#int32[this.#base + directoryStart + headFields * head]!
  }

  horizonOf(head: number): number {
    return this.#int32[this.#base + directoryStart + headFields * head + 1]!
  }

  /** Takes a row of features in; `predictHead` answers for it until the next. */
  open(values: Float64Array): void {
    const float32 = this.#float32
    const features = this.#int32[this.#base + 1]!
    const inputs = this.#int32[this.#base + 4]! >> 2
    for (let i = 0; i < features; i++) float32[(rawRow >> 2) + i] = values[this.#int32[inputs + i]!]!
    this.#scaled = false
  }

  /** The scaled row, made when the first member asks for it: trees do not. */
  #scale(): void {
    const float32 = this.#float32
    const float64 = this.#float64
    const features = this.#int32[this.#base + 1]!
    const scaler = this.#int32[this.#base + 3]! >> 3
    for (let i = 0; i < features; i++) {
      const scaled =
        (grow(float32[(rawRow >> 2) + i]! / float64[scaler + i]!) - float64[scaler + features + i]!) / float64[scaler + 2 * features + i]!
      // Not a number: missing, which is the mean.
      float32[(scaledRow >> 2) + i] = scaled > -6 ? (scaled < 6 ? scaled : 6) : scaled <= -6 ? -6 : 0
    }
    this.#scaled = true
  }

  /** Writes probability, low and high of the opened row into `out` at `at`. */
  predictHead(head: number, out: Float64Array, at: number): void {
    const int32 = this.#int32
    const float64 = this.#float64
    const field = this.#base + directoryStart + headFields * head
    const count = int32[field + 2]!
    const first = int32[field + 3]!
    for (let member = 0; member < count; member++) this.#predictMember(first + member * memberFields, member)
    const stacked = int32[field + 4] === 1
    const blend = int32[field + 5]! >> 3
    let sum = float64[blend + count]!
    for (let member = 0; member < count; member++) {
      const said = this.members[member]!
      sum += float64[blend + member]! * (stacked ? logit(said) : said)
    }
    const odds = stacked ? Math.max(-20.72, Math.min(20.72, sum)) : logit(sum)
    const points = int32[field + 7]!
    const curve = int32[field + 8]! >> 3
    const probability =
      int32[field + 6] === 1 ? sigmoid(float64[curve]! * odds + float64[curve + 1]!) : this.#between(curve, curve + points, points, odds)
    const intervalPoints = int32[field + 9]!
    const interval = int32[field + 10]! >> 3
    out[at] = probability
    out[at + 1] = Math.min(probability, this.#between(interval, interval + intervalPoints, intervalPoints, odds))
    out[at + 2] = Math.max(probability, this.#between(interval, interval + 2 * intervalPoints, intervalPoints, odds))
  }

  #predictMember(field: number, member: number): void {
    const int32 = this.#int32
    const float64 = this.#float64
    const members = this.members
    const one = int32[field + 1]!
    const two = int32[field + 2]!
    const three = int32[field + 3]!
    const four = int32[field + 4]!
    const kind = int32[field]!
    if (!this.#scaled && kind !== 1 && kind !== 2) this.#scale()
    switch (kind) {
      case 0: {
        const features = int32[this.#base + 1]!
        const weights = one >> 3
        let score = float64[weights + features]!
        for (let i = 0; i < features; i++) score += float64[weights + i]! * this.#float32[(scaledRow >> 2) + i]!
        members[member] = sigmoid(score)
        break
      }
      case 1:
        this.#kernels.walkTrees(one, two, three, four, rawRow, result)
        members[member] = float64[result >> 3]! * float64[int32[field + 5]! >> 3]!
        break
      case 2:
        this.#kernels.walkTrees(one, two, three, four, rawRow, result)
        members[member] = sigmoid(float64[result >> 3]! + float64[int32[field + 5]! >> 3]!)
        break
      case 3: {
        let from = scaledRow
        let to = layerFrom
        for (let layer = 0; layer < one; layer++) {
          const table = (two >> 2) + layer * 4
          this.#kernels.dense(int32[table + 2]!, int32[table + 3]!, from, to, int32[table]!, int32[table + 1]!)
          from = to
          to = from === layerFrom ? layerTo : layerFrom
        }
        this.#kernels.dot(four, from, three, result)
        members[member] = sigmoid(float64[result >> 3]! + float64[int32[field + 5]! >> 3]!)
        break
      }
      default: {
        const parameters = int32[field + 5]! >> 3
        this.#kernels.kernelSum(one, two, three, four, float64[parameters]!, scaledRow, result)
        members[member] = sigmoid(float64[result >> 3]! + float64[parameters + 1]!)
      }
    }
  }

  /** As `interpolate`, on numbers in the memory. */
  #between(scores: number, values: number, count: number, score: number): number {
    const float64 = this.#float64
    if (count === 0) return Number.NaN
    if (score <= float64[scores]!) return float64[values]!
    if (score >= float64[scores + count - 1]!) return float64[values + count - 1]!
    let low = 0
    let high = count - 1
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if (float64[scores + middle]! <= score) low = middle
      else high = middle
    }
    const share = (score - float64[scores + low]!) / (float64[scores + high]! - float64[scores + low]!)
    return float64[values + low]! + share * (float64[values + high]! - float64[values + low]!)
  }
}
