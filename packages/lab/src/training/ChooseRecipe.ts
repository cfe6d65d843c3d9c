/**
 * Chooses a recipe by what it says of events that it has not seen: within the rows that are given, each event is left out in turn.
 *
 * It runs inside every fold of an evaluation, on the events that the fold may see, so that nothing is chosen on what judges it. Plain code
 * without Effect, to be called in a thread of the worker pool.
 */
import { averagePrecision } from "@evenkeel/learning/metric/Ranking"
import { meanOdds } from "./Candidate.ts"
import { geometricMean, oddsOfLeftOut, rowsToLearn, type SeenRows } from "./LeftOut.ts"
import { betterBy, onsetMembers, type OnsetMember, type RecipeName, recipes, usualRecipe } from "./Recipe.ts"
import { onsetHeads } from "./TrainingSet.ts"

export type ChoiceInput = SeenRows

export interface Choice {
  readonly recipe: RecipeName
  /** Of each recipe: the geometric mean over the horizons of its average precision on events left out. */
  readonly scores: Readonly<Record<RecipeName, number>>
}

const names = Object.keys(recipes) as ReadonlyArray<RecipeName>
const memberNames = Object.keys(onsetMembers) as ReadonlyArray<OnsetMember>

export const chooseRecipe = (input: ChoiceInput): Choice => {
  const perHead = onsetHeads.map((head) => scoresOfHead(input, head))
  const scores = Object.fromEntries(
    names.map((name) => [name, geometricMean(perHead.flatMap((each) => (each === undefined ? [] : [each[name]])))])
  ) as Record<RecipeName, number>
  const best = names.reduce((first, name) => (scores[name] > scores[first] ? name : first), usualRecipe)
  return { recipe: scores[best] > betterBy * scores[usualRecipe] ? best : usualRecipe, scores }
}

/** Average precision of each recipe for one head; undefined where fewer than two events have a break. */
const scoresOfHead = (input: ChoiceInput, head: number): Record<RecipeName, number> | undefined => {
  const thinned = rowsToLearn(input, head)
  const candidate = { members: memberNames.map((name) => onsetMembers[name]), columns: [...input.set.features.keys()] }
  const odds = oddsOfLeftOut(input, thinned, thinned, () => candidate)
  if (odds === undefined) return undefined
  return Object.fromEntries(
    names.map((name) => {
      const said = recipes[name].map((member) => odds[memberNames.indexOf(member)]!)
      return [name, averagePrecision(thinned.labels, meanOdds(said), thinned.counts)]
    })
  ) as Record<RecipeName, number>
}
