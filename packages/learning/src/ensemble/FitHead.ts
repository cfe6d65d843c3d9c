/**
 * Fits one head of a model: its members, the blend, the calibration and the interval, the last three on what members that had not seen a row
 * said of it.
 *
 * Breaks are rare and neighbouring rows nearly the same, so most calm rows are left out: members and blend learn to tell, from rows of equal
 * weight, and the calibration, where a row weighs for those left out, puts the level right.
 */
import { fitBoosting, type GradientBoostingOptions } from "../boosting/GradientBoosting.ts"
import { fitIsotonic } from "../calibration/Isotonic.ts"
import { fitPlatt } from "../calibration/Platt.ts"
import { fitVennAbers } from "../calibration/VennAbers.ts"
import { Random } from "../data/Random.ts"
import { type Scaler, scaleTable } from "../data/Scaler.ts"
import { pick, problemOf, type Table, type TableProblem } from "../data/Table.ts"
import { fitForest, type RandomForestOptions } from "../forest/RandomForest.ts"
import { fitKernelMachine, type KernelMachineOptions } from "../kernel/KernelMachine.ts"
import { fitLogistic, logit } from "../logistic/LogisticRegression.ts"
import { asksScaled, type Head, type Member, type MemberKind, predictMember } from "../model/Model.ts"
import { logLoss } from "../metric/Ranking.ts"
import { fitNetwork, type NetworkOptions } from "../network/Network.ts"
import { groupFolds } from "../validation/Splits.ts"
import { applyBlend, type Blend, fitStack, fitVote } from "./Blend.ts"

type Unseeded<Options> = Omit<Options, "seed">

export interface HeadOptions {
  /** What members to fit, and how. */
  readonly members: {
    readonly logistic?: { readonly penalty: number }
    readonly forest?: Unseeded<RandomForestOptions>
    readonly boosting?: Unseeded<GradientBoostingOptions>
    readonly network?: Unseeded<NetworkOptions>
    readonly kernel?: Unseeded<KernelMachineOptions>
  }
  /** Calm rows kept for each row of a break, and rows of breaks kept at most. */
  readonly negatives: number
  readonly positivesMax: number
  readonly folds: number
  /** The weights that a vote is pulled towards, in any unit: even ones when left out. */
  readonly prior?: Readonly<Partial<Record<MemberKind, number>>>
  readonly calibration: "platt" | "isotonic"
  readonly seed: number
}

export interface FittedHead extends Omit<Head, "label" | "horizonMinutes"> {
  /** Log loss of each member, and of the blend, on rows that they had not seen. */
  readonly losses: Readonly<Partial<Record<MemberKind | "blend", number>>>
}

export type HeadProblem = TableProblem | { readonly _tag: "TooFewEvents"; readonly events: number }

/** A kept row never stands for more than this many: one row must not be the whole of the calm. */
const factorMax = 1000
/** The rows of one break are worth so many that know nothing of each other. */
const rowsAnEvent = 3
const plattStrength = 500
/** A curve of many steps is drawn from no fewer events. */
const isotonicEvents = 4
/** Stacking has more to fit than a vote, and is taken only where it is so much better. */
const stackGain = 0.8

const fitMember = (kind: MemberKind, options: HeadOptions, table: Table, scaled: Table): Member | undefined => {
  const { members, seed } = options
  switch (kind) {
    case "logistic":
      return members.logistic && { kind, model: fitLogistic(scaled, members.logistic.penalty) }
    case "forest":
      return members.forest && { kind, model: fitForest(table, { ...members.forest, seed }) }
    case "boosting":
      return members.boosting && { kind, model: fitBoosting(table, { ...members.boosting, seed }) }
    case "network":
      return members.network && { kind, model: fitNetwork(scaled, { ...members.network, seed }) }
    case "kernel":
      return members.kernel && { kind, model: fitKernelMachine(scaled, { ...members.kernel, seed }) }
  }
}

/** All rows of breaks (as many as may), and calm rows drawn evenly over the groups, which weigh for those left out. */
const thin = (table: Table, options: Pick<HeadOptions, "negatives" | "positivesMax" | "seed">): Uint32Array => {
  const random = new Random(options.seed)
  const draw = (label: 0 | 1, most: number): Uint32Array => {
    const rows = Uint32Array.from(table.labels.keys()).filter((row) => table.labels[row] === label)
    random.shuffle(rows, Math.min(most, rows.length))
    return rows.subarray(0, Math.min(most, rows.length))
  }
  const positives = draw(1, options.positivesMax)
  const negatives = draw(0, Math.max(2000, options.negatives * positives.length))
  return Uint32Array.of(...positives, ...negatives).sort()
}

/** What each kept row of a label stands for. */
const factorsOf = (whole: Table, kept: Table): readonly [calm: number, broke: number] => {
  const count = (labels: Uint8Array, label: number) => labels.reduce((sum, each) => sum + (each === label ? 1 : 0), 0)
  const factor = (label: number) => Math.min(factorMax, count(whole.labels, label) / Math.max(1, count(kept.labels, label)))
  return [factor(0), factor(1)]
}

/** `scaler` is the model's; `groups` says which event each row belongs to: a row is never judged by members that saw another of its event. */
export const fitHead = (whole: Table, wholeGroups: ArrayLike<number>, scaler: Scaler, options: HeadOptions): FittedHead | HeadProblem => {
  const problem = problemOf(whole)
  if (problem !== undefined) return problem
  const rows = thin(whole, options)
  const table = pick(whole, rows)
  const classFactors = factorsOf(whole, table)
  const groups = Array.from(rows, (row) => wholeGroups[row]!)
  const broken = new Set(groups.filter((_, row) => table.labels[row] === 1))
  if (broken.size < 2) return { _tag: "TooFewEvents", events: broken.size }
  const scaled = scaleTable(scaler, table)
  const kinds = (["logistic", "forest", "boosting", "network", "kernel"] as const).filter((kind) => options.members[kind] !== undefined)

  const unseen = kinds.map(() => new Float64Array(rows.length))
  const judged = new Uint8Array(rows.length)
  for (const { test, train } of groupFolds(groups, options.folds, options.seed)) {
    const part = pick(table, train)
    if (problemOf(part) !== undefined) continue
    const members = kinds.map((kind) => fitMember(kind, options, part, asksScaled(kind) ? pick(scaled, train) : part)!)
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
  const vote = fitVote(
    said,
    labels,
    undefined,
    kinds.map((kind) => options.prior?.[kind] ?? 1)
  )
  const stack = fitStack(said, labels)
  const blend = logLoss(labels, blendedBy(stack)) < stackGain * logLoss(labels, blendedBy(vote)) ? stack : vote
  const blended = blendedBy(blend)
  const odds = blended.map(logit)
  // Rows of one break say the same thing again and again: together they count as a few.
  const positives = labels.reduce((sum, label) => sum + label, 0)
  const share = (rowsAnEvent * broken.size) / Math.max(1, positives)
  const [calm, broke] = classFactors
  const weights = Float64Array.from(labels, (label) => (label === 1 ? share : (share * calm) / broke))
  return {
    members: kinds.map((kind) => fitMember(kind, options, table, scaled)!),
    blend,
    calibration:
      options.calibration === "isotonic" && broken.size >= isotonicEvents
        ? { kind: "isotonic", curve: fitIsotonic(odds, labels, weights, true) }
        : // Fitted from where the classes' shares alone would put it, and pulled back there: a few events cannot turn a curve much.
          {
            kind: "platt",
            curve: fitPlatt(odds, labels, weights, { slope: 1, intercept: Math.log(broke / calm), strength: plattStrength })
          },
    interval: fitVennAbers(odds, labels, weights),
    losses: {
      ...Object.fromEntries(kinds.map((kind, index) => [kind, logLoss(labels, said[index]!)])),
      blend: logLoss(labels, blended)
    }
  }
}
