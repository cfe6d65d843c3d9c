/**
 * Chooses a recipe by what it says of events that it has not seen: within the rows that are given, each event is left out in turn.
 *
 * It runs inside every fold of an evaluation, on the events that the fold may see, so that nothing is chosen on what judges it. Plain code
 * without Effect, to be called in a thread of the worker pool.
 */
import { type Scaler, scaleTable } from "@evenkeel/learning/data/Scaler"
import { pick, problemOf } from "@evenkeel/learning/data/Table"
import { fitMember, thin } from "@evenkeel/learning/ensemble/FitHead"
import { logit } from "@evenkeel/learning/logistic/LogisticRegression"
import { averagePrecision } from "@evenkeel/learning/metric/Ranking"
import { predictMember } from "@evenkeel/learning/model/Model"
import { embargo } from "./Events.ts"
import { visibleRows, tableFrom } from "./HeadJob.ts"
import { betterBy, onsetMembers, type OnsetMember, onsetRows, type RecipeName, recipes, usualRecipe } from "./Recipe.ts"
import { headKeys, type TrainingSet } from "./TrainingSet.ts"
import type { Span } from "@evenkeel/replay/referee/Onsets"

export interface ChoiceInput {
  readonly set: TrainingSet
  readonly scaler: Scaler
  /** As in `HeadJobInput`. */
  readonly hidden: ReadonlyArray<Span>
  readonly seed: number
}

export interface Choice {
  readonly recipe: RecipeName
  /** Of each recipe: the geometric mean over the horizons of its average precision on events left out. */
  readonly scores: Readonly<Record<RecipeName, number>>
}

const names = Object.keys(recipes) as ReadonlyArray<RecipeName>
const memberNames = Object.keys(onsetMembers) as ReadonlyArray<OnsetMember>

export const chooseRecipe = (input: ChoiceInput): Choice => {
  const perHead = headKeys.flatMap(({ label }, head) => (label === "onset" ? [scoresOfHead(input, head)] : []))
  const scores = Object.fromEntries(
    names.map((name) => {
      const logs = perHead.flatMap((each) => (each === undefined ? [] : [Math.log(each[name])]))
      return [name, logs.length === 0 ? Number.NaN : Math.exp(logs.reduce((sum, each) => sum + each, 0) / logs.length)]
    })
  ) as Record<RecipeName, number>
  const best = names.reduce((first, name) => (scores[name] > scores[first] ? name : first), usualRecipe)
  return { recipe: scores[best] > betterBy * scores[usualRecipe] ? best : usualRecipe, scores }
}

/** Average precision of each recipe for one head; undefined where fewer than two events have a break. */
const scoresOfHead = ({ hidden, scaler, seed, set }: ChoiceInput, head: number): Record<RecipeName, number> | undefined => {
  const visible = visibleRows(set, hidden, head)
  const whole = tableFrom(set, visible, head, onsetRows.eventsAlike)
  const groupsOf = (rows: Uint32Array) => Array.from(rows, (row) => set.events[visible[row]!]!)
  const { learning, natural, rows } = thin(whole, groupsOf(Uint32Array.from(visible.keys())), { ...onsetRows, seed })
  const table = { ...pick(whole, rows), weights: learning }
  const scaled = scaleTable(scaler, table)
  const groups = groupsOf(rows)
  const times = Float64Array.from(rows, (row) => set.times[visible[row]!]!)
  const odds = new Map(memberNames.map((name) => [name, new Float64Array(rows.length).fill(Number.NaN)]))
  for (const group of new Set(groups)) {
    const span = set.spans[group]
    // Calm alone has no events.
    if (span === undefined) return undefined
    const { from, to } = span
    const train = Uint32Array.from(rows.keys()).filter((row) => times[row]! < from - embargo || times[row]! >= to + embargo)
    const part = pick(table, train)
    if (problemOf(part) !== undefined) return undefined
    const scaledPart = pick(scaled, train)
    for (const name of memberNames) {
      const member = fitMember(onsetMembers[name], part, scaledPart, seed)
      const said = odds.get(name)!
      for (let row = 0; row < rows.length; row++) {
        if (groups[row] !== group) continue
        const at = row * table.features
        said[row] = logit(
          predictMember(member, table.values.subarray(at, at + table.features), scaled.values.subarray(at, at + table.features))
        )
      }
    }
  }
  // A row counts as the rows that it stands for, not as their minutes: as an evaluation pools them.
  const counts = Float64Array.from(rows, (row, index) => natural[index]! / whole.weights[row]!)
  return Object.fromEntries(
    names.map((name) => {
      const said = recipes[name].map((member) => odds.get(member)!)
      const mean = Float64Array.from(rows, (_, row) => said.reduce((sum, each) => sum + each[row]!, 0) / said.length)
      return [name, averagePrecision(table.labels, mean, counts)]
    })
  ) as Record<RecipeName, number>
}
