/**
 * Fits one head of a model: its members, the blend, the calibration and the interval, the last three on what members that had not seen a row
 * said of it.
 *
 * Breaks are rare, and one long break has more rows than ten short ones. So members learn from rows in which every event's break weighs alike and
 * most calm rows are left out, where a row weighs for those; the calibration puts the level right.
 */
import { fitBoosting, type GradientBoostingOptions } from "../boosting/GradientBoosting.ts"
import { fitIsotonic } from "../calibration/Isotonic.ts"
import { fitPlatt } from "../calibration/Platt.ts"
import { fitVennAbers } from "../calibration/VennAbers.ts"
import { Random } from "../data/Random.ts"
import { type Scaler, scaleTable } from "../data/Scaler.ts"
import { pick, problemOf, rowsOf, type Table, type TableProblem } from "../data/Table.ts"
import { fitForest, type RandomForestOptions } from "../forest/RandomForest.ts"
import { fitKernelMachine, type KernelMachineOptions } from "../kernel/KernelMachine.ts"
import { fitLogistic, logit, type LogisticRegression } from "../logistic/LogisticRegression.ts"
import { type Head, type Member, predictMember } from "../model/Model.ts"
import { logLoss } from "../metric/Ranking.ts"
import { fitNetwork, type NetworkOptions } from "../network/Network.ts"
import { groupFolds } from "../validation/Splits.ts"
import { applyBlend, type Blend, fitStack, fitVote, meanOfOdds } from "./Blend.ts"

type Unseeded<Options> = Omit<Options, "seed">

/** What kind of member to fit, and how. */
export type MemberOptions =
  /** `inputs` are the features that it may use; the weights of the others are 0. */
  | { readonly kind: "logistic"; readonly penalty: number; readonly inputs?: ReadonlyArray<number> }
  | ({ readonly kind: "forest" } & Unseeded<RandomForestOptions>)
  | ({ readonly kind: "boosting" } & Unseeded<GradientBoostingOptions>)
  | ({ readonly kind: "network" } & Unseeded<NetworkOptions>)
  | ({ readonly kind: "kernel" } & Unseeded<KernelMachineOptions>)

export interface HeadOptions {
  readonly members: ReadonlyArray<MemberOptions>
  /** The mean of the members' log odds, or a vote or a stack that is fitted. */
  readonly blend: "mean" | "fitted"
  /** Calm rows kept, as many as `negatives` for each row of a break and at least `negativesMin`; and rows of breaks kept at most. */
  readonly negatives: number
  readonly negativesMin: number
  readonly positivesMax: number
  /** What calm rows weigh together while members learn, where all breaks together weigh 1. */
  readonly calmWeight: number
  /** Whether every event's break weighs alike, however many rows it has; else rows weigh as the table says. */
  readonly eventsAlike: boolean
  readonly folds: number
  readonly calibration: "platt" | "isotonic"
  readonly seed: number
}

/** How rows are thinned and weighed. */
export type RowBounds = Pick<HeadOptions, "negatives" | "negativesMin" | "positivesMax" | "calmWeight" | "eventsAlike">

export interface FittedHead extends Omit<Head, "label" | "horizonMinutes"> {
  /** Log loss of each member in order, and of the blend, on rows that they had not seen. */
  readonly losses: { readonly members: ReadonlyArray<number>; readonly blend: number }
}

export type HeadProblem = TableProblem | { readonly _tag: "TooFewEvents"; readonly events: number }

/** A kept row never stands for more than this many: one row must not be the whole of the calm. */
const factorMax = 1000
/** The rows of one break are worth so many that know nothing of each other. */
const rowsAnEvent = 3
const plattStrength = 5000
/** A curve of many steps is drawn from no fewer events. */
const isotonicEvents = 4
/** Stacking has more to fit than a vote, and is taken only where it is so much better. */
const stackGain = 0.8

export const fitMember = (options: MemberOptions, table: Table, scaled: Table, seed: number): Member => {
  switch (options.kind) {
    case "logistic":
      return { kind: "logistic", model: fitOnInputs(scaled, options.penalty, options.inputs) }
    case "forest":
      return { kind: "forest", model: fitForest(table, { ...options, seed }) }
    case "boosting":
      return { kind: "boosting", model: fitBoosting(table, { ...options, seed }) }
    case "network":
      return { kind: "network", model: fitNetwork(scaled, { ...options, seed }) }
    case "kernel":
      return { kind: "kernel", model: fitKernelMachine(scaled, { ...options, seed }) }
  }
}

const fitOnInputs = (table: Table, penalty: number, inputs: ReadonlyArray<number> | undefined): LogisticRegression => {
  if (inputs === undefined) return fitLogistic(table, penalty)
  const values = new Float64Array(rowsOf(table) * inputs.length)
  for (let row = 0; row < rowsOf(table); row++)
    for (const [index, input] of inputs.entries()) values[row * inputs.length + index] = table.values[row * table.features + input]!
  const { intercept, weights: own } = fitLogistic({ ...table, values, features: inputs.length }, penalty)
  const weights = new Float64Array(table.features)
  for (const [index, input] of inputs.entries()) weights[input] = own[index]!
  return { intercept, weights }
}

/** Rows to learn from, and how they are weighed: in learning, and in putting the level right. */
interface Thinned {
  readonly rows: Uint32Array
  readonly learning: Float64Array
  /** What each row stands for, those that were left out included. */
  readonly natural: Float64Array
}

/** All rows of breaks (as many as may), and calm rows drawn evenly, which weigh for those left out. */
export const thin = (
  { labels, weights }: Pick<Table, "labels" | "weights">,
  groups: ArrayLike<number>,
  options: RowBounds & Pick<HeadOptions, "seed">
): Thinned => {
  const random = new Random(options.seed)
  const draw = (label: 0 | 1, most: number) => {
    const all = new Uint32Array(labels.reduce((count, each) => count + (each === label ? 1 : 0), 0))
    for (let row = 0, at = 0; row < labels.length; row++) if (labels[row] === label) all[at++] = row
    random.shuffle(all, Math.min(most, all.length))
    const kept = all.subarray(0, Math.min(most, all.length))
    return { kept, factor: Math.min(factorMax, all.length / Math.max(1, kept.length)) }
  }
  const broke = draw(1, options.positivesMax)
  const calm = draw(0, Math.max(options.negativesMin, options.negatives * broke.kept.length))
  const rows = Uint32Array.of(...broke.kept, ...calm.kept).sort()
  const natural = Float64Array.from(rows, (row) => weights[row]! * (labels[row] === 1 ? broke.factor : calm.factor))
  const groupOf = (row: number) => (options.eventsAlike ? groups[row]! : 0)
  const byGroup = new Map<number, number>()
  let calmMass = 0
  for (const [index, row] of rows.entries()) {
    if (labels[row] === 1) byGroup.set(groupOf(row), (byGroup.get(groupOf(row)) ?? 0) + natural[index]!)
    else calmMass += natural[index]!
  }
  // A row weighs 1 on the mean, so that penalties are told in rows.
  const unit = rows.length / (1 + options.calmWeight)
  const learning = Float64Array.from(rows, (row, index) =>
    labels[row] === 1
      ? (unit * natural[index]!) / (byGroup.size * byGroup.get(groupOf(row))!)
      : (unit * options.calmWeight * natural[index]!) / calmMass
  )
  return { rows, learning, natural }
}

/** `scaler` is the model's; `groups` says which event each row belongs to: a row is never judged by members that saw another of its event. */
export const fitHead = (whole: Table, wholeGroups: ArrayLike<number>, scaler: Scaler, options: HeadOptions): FittedHead | HeadProblem => {
  const problem = problemOf(whole)
  if (problem !== undefined) return problem
  const { members: kinds, seed } = options
  const { learning, natural, rows } = thin(whole, wholeGroups, options)
  const table = { ...pick(whole, rows), weights: learning }
  const groups = Array.from(rows, (row) => wholeGroups[row]!)
  const broken = new Set(groups.filter((_, row) => table.labels[row] === 1))
  if (broken.size < 2) return { _tag: "TooFewEvents", events: broken.size }
  const scaled = scaleTable(scaler, table)

  const unseen = kinds.map(() => new Float64Array(rows.length))
  const judged = new Uint8Array(rows.length)
  for (const { test, train } of groupFolds(groups, options.folds, seed)) {
    const part = pick(table, train)
    if (problemOf(part) !== undefined) continue
    const scaledPart = pick(scaled, train)
    const members = kinds.map((kind) => fitMember(kind, part, scaledPart, seed))
    for (const row of test) {
      const at = row * table.features
      const values = table.values.subarray(at, at + table.features)
      const own = scaled.values.subarray(at, at + table.features)
      for (const [index, member] of members.entries()) unseen[index]![row] = predictMember(member, values, own)
      judged[row] = 1
    }
  }
  const judgedRows = Uint32Array.from(judged.keys()).filter((row) => judged[row] === 1)
  const only = (list: Float64Array) => Float64Array.from(judgedRows, (row) => list[row]!)
  const labels = Uint8Array.from(judgedRows, (row) => table.labels[row]!)
  const said = unseen.map(only)
  const blendedBy = (blend: Blend) =>
    Float64Array.from(labels, (_, row) =>
      applyBlend(
        blend,
        said.map((list) => list[row]!)
      )
    )
  const blend = options.blend === "mean" ? meanOfOdds(kinds.length) : fittedBlend(said, labels, blendedBy)
  const blended = blendedBy(blend)
  const odds = blended.map(logit)
  const { breaks, calm } = massesOf(judgedRows, table.labels, groups, natural)
  const masses = [...breaks.values()]
  // One long break in fine bars says no more of how often breaks come than a short one.
  const broke = options.eventsAlike ? medianOf(masses) * masses.length : masses.reduce((sum, mass) => sum + mass, 0)
  // Rows of one break say the same thing again and again: together they count as a few.
  const weights = Float64Array.from(judgedRows, (row) =>
    options.eventsAlike && table.labels[row] === 1
      ? (rowsAnEvent * natural[row]!) / breaks.get(groups[row]!)!
      : (rowsAnEvent * breaks.size * natural[row]!) / broke
  )
  return {
    members: kinds.map((kind) => fitMember(kind, table, scaled, seed)),
    blend,
    calibration:
      options.calibration === "isotonic" && broken.size >= isotonicEvents
        ? { kind: "isotonic", curve: fitIsotonic(odds, labels, weights, true) }
        : // Fitted from where the classes' shares alone would put it, and pulled back there: a few events cannot turn a curve much.
          {
            kind: "platt",
            curve: fitPlatt(odds, labels, weights, {
              slope: 1,
              intercept: Math.log((broke / calm) * options.calmWeight),
              strength: plattStrength
            })
          },
    interval: fitVennAbers(odds, labels, weights),
    losses: { members: said.map((list) => logLoss(labels, list)), blend: logLoss(labels, blended) }
  }
}

/** What the rows stand for: the breaks of each event, and all calm together. */
const massesOf = (rows: Uint32Array, labels: Uint8Array, groups: ReadonlyArray<number>, natural: Float64Array) => {
  const breaks = new Map<number, number>()
  let calm = 0
  for (const row of rows) {
    if (labels[row] === 1) breaks.set(groups[row]!, (breaks.get(groups[row]!) ?? 0) + natural[row]!)
    else calm += natural[row]!
  }
  return { breaks, calm }
}

const medianOf = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return 0.5 * (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!)
}

const fittedBlend = (said: ReadonlyArray<Float64Array>, labels: Uint8Array, blendedBy: (blend: Blend) => Float64Array): Blend => {
  const vote = fitVote(said, labels)
  const stack = fitStack(said, labels)
  return logLoss(labels, blendedBy(stack)) < stackGain * logLoss(labels, blendedBy(vote)) ? stack : vote
}
