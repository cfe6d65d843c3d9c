/**
 * A model as a whole: for each horizon the members of an ensemble, what makes one probability of them, and an interval around it.
 *
 * Inputs are rounded to 32-bit floats before anything looks at them, where models are trained and where they serve, so that a value falls
 * on the same side of a split in both.
 */
import { predictBoosting, type GradientBoosting } from "../boosting/GradientBoosting.ts"
import { applyIsotonic, type Isotonic } from "../calibration/Isotonic.ts"
import { applyPlatt, type Platt } from "../calibration/Platt.ts"
import { intervalOf, type VennAbers } from "../calibration/VennAbers.ts"
import { type Scaler, scaleRow } from "../data/Scaler.ts"
import { applyBlend, type Blend } from "../ensemble/Blend.ts"
import { predictForest, type RandomForest } from "../forest/RandomForest.ts"
import { type KernelMachine, predictKernelMachine } from "../kernel/KernelMachine.ts"
import { logit, type LogisticRegression, predictLogistic } from "../logistic/LogisticRegression.ts"
import { type Network, predictNetwork } from "../network/Network.ts"

/** What a head tells: that a break starts within the horizon, or that one stands within it. */
export const headLabels = ["onset", "state"] as const
export type HeadLabel = (typeof headLabels)[number]

export const memberKinds = ["logistic", "forest", "boosting", "network", "kernel"] as const
export type MemberKind = (typeof memberKinds)[number]

export type Member =
  | { readonly kind: "logistic"; readonly model: LogisticRegression }
  | { readonly kind: "forest"; readonly model: RandomForest }
  | { readonly kind: "boosting"; readonly model: GradientBoosting }
  | { readonly kind: "network"; readonly model: Network }
  | { readonly kind: "kernel"; readonly model: KernelMachine }

/** Trees ask the features themselves; the other members their scaled form. */
export const asksScaled = (kind: MemberKind): boolean => kind !== "forest" && kind !== "boosting"

export type Calibration = { readonly kind: "isotonic"; readonly curve: Isotonic } | { readonly kind: "platt"; readonly curve: Platt }

export interface Head {
  readonly label: HeadLabel
  readonly horizonMinutes: number
  readonly members: ReadonlyArray<Member>
  readonly blend: Blend
  /** Of the blend's log odds. */
  readonly calibration: Calibration
  /** By the blend's log odds. */
  readonly interval: VennAbers
}

export interface Model {
  readonly features: ReadonlyArray<string>
  readonly scaler: Scaler
  readonly heads: ReadonlyArray<Head>
}

export interface Prediction {
  readonly probability: number
  readonly low: number
  readonly high: number
}

export const predictMember = (member: Member, values: Float64Array, scaled: Float64Array): number => {
  switch (member.kind) {
    case "logistic":
      return predictLogistic(member.model, scaled)
    case "forest":
      return predictForest(member.model, values)
    case "boosting":
      return predictBoosting(member.model, values)
    case "network":
      return predictNetwork(member.model, scaled)
    case "kernel":
      return predictKernelMachine(member.model, scaled)
  }
}

export const applyCalibration = ({ curve, kind }: Calibration, odds: number): number =>
  kind === "isotonic" ? applyIsotonic(curve, odds) : applyPlatt(curve, odds)

/** What a blend's probability becomes once calibrated, with its interval, which always holds it. */
export const finish = ({ calibration, interval }: Pick<Head, "calibration" | "interval">, blended: number): Prediction => {
  const odds = logit(blended)
  const probability = applyCalibration(calibration, odds)
  const [low, high] = intervalOf(interval, odds)
  return { probability, low: Math.min(low, probability), high: Math.max(high, probability) }
}

/** The plain reference that `PackedModel` is tested against. `values` in the order of `features`. */
export const predict = (model: Model, values: Float64Array): ReadonlyArray<Prediction> => {
  const rounded = values.map(Math.fround)
  const scaled = new Float64Array(values.length)
  scaleRow(model.scaler, rounded, 0, scaled)
  return model.heads.map((head) =>
    finish(
      head,
      applyBlend(
        head.blend,
        head.members.map((member) => predictMember(member, rounded, scaled))
      )
    )
  )
}
