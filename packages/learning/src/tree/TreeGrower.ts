/**
 * Grows one tree on binned features by histograms of two sums, so that the same code serves a forest and boosting.
 *
 * Every row has a pull `g` and a weight `h`. A node's value is G / (H + penalty), and a split is worth
 * G_L² / (H_L + penalty) + G_R² / (H_R + penalty) - G² / (H + penalty). With g = weight * label and h = weight that is the decrease of Gini
 * impurity but for a factor; with gradients and hessians it is Newton boosting (T. Chen and C. Guestrin, "XGBoost", 2016).
 *
 * The larger child's histogram is its parent's less its sibling's, where all features are asked for at every node.
 */
import type { Random } from "../data/Random.ts"
import { type Binned, floorToFloat32 } from "./Bins.ts"
import type { Tree } from "./Tree.ts"

export interface GrowOptions {
  readonly depthMax: number
  /** A leaf has at least so many rows, and so much weight. */
  readonly leafRowsMin: number
  readonly leafWeightMin: number
  readonly penalty: number
  /** Features tried at each node, drawn without repetition; all of them when it is as many. */
  readonly featuresTried: number
}

const slots = 256
/** A split must be worth more than what rounding makes of nothing. */
const gainMin = 1e-12

interface Open {
  readonly node: number
  readonly from: number
  readonly to: number
  readonly depth: number
  readonly g: number
  readonly h: number
  readonly sums: Float64Array | undefined
}

/** `rows` are the rows to grow on, in an order that this call changes. */
export const growTree = (
  { bins, features, greatest, least, thresholds }: Binned,
  g: Float64Array,
  h: Float64Array,
  rows: Uint32Array,
  options: GrowOptions,
  random: Random
): Tree => {
  const total = bins.length / features
  const { depthMax, featuresTried, leafRowsMin, leafWeightMin, penalty } = options
  const all = featuresTried >= features
  const nodeFeatures: Array<number> = []
  const nodeThresholds: Array<number> = []
  const nodeRights: Array<number> = []
  const nodeValues: Array<number> = []
  const order = Uint16Array.from({ length: features }, (_, feature) => feature)
  const scratch = new Float64Array(slots * 3)
  const spare = new Uint32Array(rows.length)
  const pool: Array<Float64Array> = []

  const addNode = (nodeG: number, nodeH: number): number => {
    nodeFeatures.push(-1)
    nodeThresholds.push(0)
    nodeRights.push(0)
    nodeValues.push(nodeH + penalty > 0 ? nodeG / (nodeH + penalty) : 0)
    return nodeFeatures.length - 1
  }
  /** Sums of g, h and rows by bin of one feature into `sums` at `offset`. */
  const histogram = (feature: number, from: number, to: number, sums: Float64Array, offset: number): void => {
    const start = feature * total
    for (let i = from; i < to; i++) {
      const row = rows[i]!
      const at = offset + bins[start + row]! * 3
      sums[at]! += g[row]!
      sums[at + 1]! += h[row]!
      sums[at + 2]!++
    }
  }
  const fullHistogram = (from: number, to: number): Float64Array => {
    const sums = pool.pop()?.fill(0) ?? new Float64Array(features * slots * 3)
    for (let feature = 0; feature < features; feature++) histogram(feature, from, to, sums, feature * slots * 3)
    return sums
  }

  let bestGain = 0
  let bestFeature = -1
  let bestBin = 0
  /** The first bin beyond the split that has rows of the node. */
  let bestNext = 0
  let bestG = 0
  let bestH = 0
  const search = (feature: number, sums: Float64Array, offset: number, open: Open): void => {
    const count = open.to - open.from
    const whole = (open.g * open.g) / (open.h + penalty)
    let leftG = 0
    let leftH = 0
    let leftRows = 0
    const last = thresholds[feature]!.length
    let waiting = false
    for (let bin = 0; bin <= last + 1; bin++) {
      if (waiting && sums[offset + bin * 3 + 2]! > 0) {
        bestNext = bin
        waiting = false
      }
      if (bin > last) break
      leftG += sums[offset + bin * 3]!
      leftH += sums[offset + bin * 3 + 1]!
      leftRows += sums[offset + bin * 3 + 2]!
      // Bin 0 alone, the missing, cannot be told from the smallest values by a threshold.
      if (bin === 0 || leftRows < leafRowsMin || leftH < leafWeightMin) continue
      if (count - leftRows < leafRowsMin || open.h - leftH < leafWeightMin) {
        if (waiting) continue
        break
      }
      if (sums[offset + bin * 3 + 2] === 0 && bin > 1) continue
      const rightG = open.g - leftG
      const gain = (leftG * leftG) / (leftH + penalty) + (rightG * rightG) / (open.h - leftH + penalty) - whole
      if (gain <= bestGain) continue
      bestGain = gain
      bestFeature = feature
      bestBin = bin
      waiting = true
      bestG = leftG
      bestH = leftH
    }
  }
  const split = (open: Open): void => {
    bestGain = gainMin * Math.max(1, Math.abs((open.g * open.g) / (open.h + penalty)))
    bestFeature = -1
    if (all) for (let feature = 0; feature < features; feature++) search(feature, open.sums!, feature * slots * 3, open)
    else {
      // Features that are the same in all of the node's rows do not count as tried, as in scikit-learn.
      let tried = 0
      for (let i = 0; i < features && tried < featuresTried; i++) {
        const other = i + random.below(features - i)
        const feature = order[other]!
        order[other] = order[i]!
        order[i] = feature
        scratch.fill(0, 0, (thresholds[feature]!.length + 2) * 3)
        histogram(feature, open.from, open.to, scratch, 0)
        let filled = 0
        for (let bin = 0; bin <= thresholds[feature]!.length + 1 && filled < 2; bin++) if (scratch[bin * 3 + 2]! > 0) filled++
        if (filled < 2) continue
        tried++
        search(feature, scratch, 0, open)
      }
    }
  }
  /** Puts rows of the left child first, both sides in their old order; returns where the right begins. */
  const partition = ({ from, to }: Open): number => {
    const start = bestFeature * total
    let left = from
    let right = 0
    for (let i = from; i < to; i++) {
      const row = rows[i]!
      if (bins[start + row]! <= bestBin) rows[left++] = row
      else spare[right++] = row
    }
    rows.set(spare.subarray(0, right), left)
    return left
  }

  let sumG = 0
  let sumH = 0
  for (const row of rows) {
    sumG += g[row]!
    sumH += h[row]!
  }
  const stack: Array<Open> = [
    {
      node: addNode(sumG, sumH),
      from: 0,
      to: rows.length,
      depth: 0,
      g: sumG,
      h: sumH,
      sums: all ? fullHistogram(0, rows.length) : undefined
    }
  ]
  for (let open = stack.pop(); open !== undefined; open = stack.pop()) {
    const { depth, from, node, sums, to } = open
    if (depth < depthMax && to - from >= 2 * leafRowsMin) split(open)
    else bestFeature = -1
    if (bestFeature < 0) {
      if (sums !== undefined) pool.push(sums)
      continue
    }
    const leftG = bestG
    const leftH = bestH
    nodeFeatures[node] = bestFeature
    // Halfway between the node's own values on both sides, as an exact search has it.
    const below = greatest[bestFeature]![bestBin]!
    const above = least[bestFeature]![bestNext]!
    nodeThresholds[node] = below < above ? floorToFloat32((below + above) / 2) : thresholds[bestFeature]![bestBin - 1]!
    const middle = partition(open)
    const left = addNode(leftG, leftH)
    const right = addNode(open.g - leftG, open.h - leftH)
    nodeRights[node] = right
    let leftSums: Float64Array | undefined
    let rightSums: Float64Array | undefined
    if (sums !== undefined && depth + 1 < depthMax) {
      const smallIsLeft = middle - from <= to - middle
      const small = smallIsLeft ? fullHistogram(from, middle) : fullHistogram(middle, to)
      for (let i = 0; i < sums.length; i++) sums[i]! -= small[i]!
      leftSums = smallIsLeft ? small : sums
      rightSums = smallIsLeft ? sums : small
    } else if (sums !== undefined) pool.push(sums)
    stack.push({ node: right, from: middle, to, depth: depth + 1, g: open.g - leftG, h: open.h - leftH, sums: rightSums })
    stack.push({ node: left, from, to: middle, depth: depth + 1, g: leftG, h: leftH, sums: leftSums })
  }
  return {
    features: Int16Array.from(nodeFeatures),
    thresholds: Float64Array.from(nodeThresholds),
    rights: Int32Array.from(nodeRights),
    values: Float64Array.from(nodeValues)
  }
}
