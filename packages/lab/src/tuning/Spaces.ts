/**
 * Where the best members are looked for: each kind of estimator with a small space of its own, as a grid and as ranges.
 *
 * A point names a trial wholly, features included: `features` is 0 for those of the shipped model and 1 for those that the rows that may be
 * seen put first.
 */
import type { MemberOptions } from "@evenkeel/learning/ensemble/FitHead"
import { memberKinds, type MemberKind } from "@evenkeel/learning/model/Model"
import { grid, nextPoint, type Point, type Space, type Trial } from "@evenkeel/learning/search/Search"
import { Random } from "@evenkeel/learning/data/Random"

export const tuneMethods = ["grid", "tpe"] as const
export type TuneMethod = (typeof tuneMethods)[number]

type Values = Readonly<Record<string, { readonly values: ReadonlyArray<number> }>>

const features = { values: [0, 1] }
/** Penalties and decays as the estimators take them, leaves in rows, gamma for each scaled feature squared. */
const grids: Readonly<Record<MemberKind, Values>> = {
  logistic: { penalty: { values: [0.1, 1, 10, 100, 1000] }, features },
  forest: { trees: { values: [20, 50] }, depth: { values: [3, 6] }, leafRows: { values: [20, 100] }, features },
  boosting: {
    trees: { values: [20, 60] },
    depth: { values: [2, 3] },
    rate: { values: [0.05, 0.15] },
    penalty: { values: [1, 30] },
    features
  },
  network: { hidden: { values: [4, 8, 16] }, decay: { values: [0.001, 0.03, 0.3] }, features },
  kernel: { supports: { values: [16, 48] }, penalty: { values: [1, 30] }, gamma: { values: [0.03, 0.15] }, features }
}
const ranges: Readonly<Record<MemberKind, Space>> = {
  logistic: { penalty: { from: 0.1, to: 1000, log: true }, features },
  forest: {
    trees: { from: 20, to: 60, whole: true },
    depth: { from: 2, to: 8, whole: true },
    leafRows: { from: 10, to: 300, log: true, whole: true },
    features
  },
  boosting: {
    trees: { from: 10, to: 80, whole: true },
    depth: { from: 2, to: 5, whole: true },
    rate: { from: 0.02, to: 0.3, log: true },
    penalty: { from: 0.3, to: 100, log: true },
    features
  },
  network: { hidden: { from: 3, to: 24, log: true, whole: true }, decay: { from: 0.0003, to: 0.5, log: true }, features },
  kernel: {
    supports: { from: 12, to: 64, log: true, whole: true },
    penalty: { from: 0.3, to: 100, log: true },
    gamma: { from: 0.01, to: 0.5, log: true },
    features
  }
}
/** Rows of a leaf of boosted trees at least. */
const boostingLeafRows = 20
const networkTraining = { epochs: 6, batch: 64, rate: 0.003 } as const

/** The space as it is recorded in the name of a checkpoint. */
export const spaceOf = (method: TuneMethod) => ({ space: method === "grid" ? grids : ranges, boostingLeafRows, networkTraining })

export const memberOf = (kind: MemberKind, point: Point): MemberOptions => {
  const at = (name: string) => point[name]!
  switch (kind) {
    case "logistic":
      return { kind, penalty: at("penalty") }
    case "forest":
      return { kind, trees: at("trees"), depthMax: at("depth"), leafRowsMin: at("leafRows") }
    case "boosting":
      return { kind, trees: at("trees"), depthMax: at("depth"), leafRowsMin: boostingLeafRows, rate: at("rate"), penalty: at("penalty") }
    case "network":
      return { kind, hidden: [at("hidden")], decay: at("decay"), ...networkTraining }
    case "kernel":
      return { kind, supports: at("supports"), penalty: at("penalty"), gamma: at("gamma") }
  }
}

/** How many points of each kind a fold tries: `trials` in all, as evenly as may be; a grid has an end. */
export const sharesOf = (method: TuneMethod, trials: number): ReadonlyArray<readonly [kind: MemberKind, points: number]> =>
  memberKinds.map((kind, index) => {
    const share = Math.floor(trials / memberKinds.length) + (index < trials % memberKinds.length ? 1 : 0)
    return [kind, method === "grid" ? Math.min(share, grid(grids[kind]).length) : share]
  })

/** The point that is tried after `trials`, all of one kind. Points of a grid come in an order drawn from the seed, none twice. */
export const pointAfter = (method: TuneMethod, kind: MemberKind, trials: ReadonlyArray<Trial>, seed: number): Point => {
  if (method === "tpe") return nextPoint(ranges[kind], trials, seed)
  const points = grid(grids[kind])
  const order = Uint32Array.from(points.keys())
  new Random(seed).shuffle(order)
  return points[order[trials.length]!]!
}

export const isSamePoint = (one: Point, other: Point): boolean =>
  Object.keys(one).length === Object.keys(other).length && Object.entries(one).every(([name, value]) => other[name] === value)
