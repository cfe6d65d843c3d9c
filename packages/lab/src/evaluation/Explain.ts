/**
 * Explains a prediction feature by feature.
 *
 * A feature's part is the change of the log odds when its value is replaced by the median of the training data and all others stay; beside
 * it stands how far each split on the way to a leaf moved the trees' answer (`pathContributions`).
 */
import { pathContributions } from "@evenkeel/learning/importance/Importance"
import { logit } from "@evenkeel/learning/logistic/LogisticRegression"
import { type Model, predict } from "@evenkeel/learning/model/Model"
import type { ModelFile } from "@evenkeel/learning/model/ModelFile"

export interface Explanation {
  readonly feature: string
  readonly value: number | null
  readonly usual: number | null
  /** Of the log odds. */
  readonly part: number
  /** By the paths through the trees: mean over a forest, sum over boosting; 0 where no tree splits by the feature. */
  readonly path: number
}

/** The median of each feature's training values; NaN where it was mostly missing. */
const usualOf = ({ model, provenance }: ModelFile): Float64Array =>
  Float64Array.from(model.features, (_, index) => {
    const { cuts } = provenance.profiles[index]!
    return cuts.length === 0 ? Number.NaN : cuts[cuts.length >> 1]!
  })

const pathsOf = (model: Model, head: number, values: Float64Array): Float64Array => {
  const out = new Float64Array(values.length)
  for (const member of model.heads[head]!.members) {
    if (member.kind === "boosting") pathContributions(member.model.trees, values, 0, out)
    if (member.kind === "forest") {
      const own = new Float64Array(values.length)
      pathContributions(member.model.trees, values, 0, own)
      for (let i = 0; i < own.length; i++) out[i]! += own[i]! / member.model.trees.length
    }
  }
  return out
}

/** `values` in the model's order. Largest part first. */
export const explain = (file: ModelFile, head: number, values: Float64Array): ReadonlyArray<Explanation> => {
  const { model } = file
  const usual = usualOf(file)
  const odds = (row: Float64Array) => logit(predict(model, row)[head]!.probability)
  const whole = odds(values)
  const paths = pathsOf(model, head, values)
  const finite = (value: number) => (Number.isFinite(value) ? value : null)
  return model.features
    .map((feature, index) => {
      const changed = values.slice()
      changed[index] = usual[index]!
      return { feature, value: finite(values[index]!), usual: finite(usual[index]!), part: whole - odds(changed), path: paths[index]! }
    })
    .sort((a, b) => Math.abs(b.part) - Math.abs(a.part))
}
