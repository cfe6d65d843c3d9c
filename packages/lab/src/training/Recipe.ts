/**
 * What a model may be made of: which features, which members, how strongly regularised.
 *
 * Few breaks are known, so there are few features and few recipes, and which recipe serves is chosen by what it says of events that it has not
 * seen (`chooseRecipe`), never by hand. See docs/model-card.md for what else was tried.
 */
import type { HeadOptions, MemberOptions } from "@evenkeel/learning/ensemble/FitHead"
import type { HeadLabel } from "@evenkeel/learning/model/Model"

export const modelFeatures = [
  "distance_bps",
  "capped_distance_bps",
  "departure_bps",
  "usual_spread_bps",
  "room_log_1h",
  "drifting_passage_log_1h"
] as const
type ModelFeature = (typeof modelFeatures)[number]

const penalty = 1
const logistic = (...names: ReadonlyArray<ModelFeature>): MemberOptions => ({
  kind: "logistic",
  penalty,
  inputs: names.map((name) => modelFeatures.indexOf(name))
})

/** Members for onsets: each knows distance, departure and usual spread; two know one thing more. */
export const onsetMembers = {
  distance: logistic("capped_distance_bps", "departure_bps", "usual_spread_bps"),
  room: logistic("capped_distance_bps", "departure_bps", "usual_spread_bps", "room_log_1h"),
  passage: logistic("capped_distance_bps", "departure_bps", "usual_spread_bps", "drifting_passage_log_1h")
} as const
export type OnsetMember = keyof typeof onsetMembers

/** The candidates. */
export const recipes = {
  distance: ["distance"],
  room: ["room"],
  passage: ["passage"],
  "distance, passage": ["distance", "passage"],
  "room, passage": ["room", "passage"],
  "distance, room, passage": ["distance", "room", "passage"]
} as const satisfies Readonly<Record<string, ReadonlyArray<OnsetMember>>>
export type RecipeName = keyof typeof recipes
/** With few events a choice is mostly luck, and all members together are the safest: another recipe must be so much better. */
export const usualRecipe: RecipeName = "distance, room, passage"
export const betterBy = 1.15

/** How rows are thinned and weighed for onsets, whatever the members. */
export const onsetRows = { negatives: 4, negativesMin: 20_000, positivesMax: 20_000, calmWeight: 100, eventsAlike: true } as const

const onset = (recipe: RecipeName): Omit<HeadOptions, "seed"> => ({
  ...onsetRows,
  members: recipes[recipe].map((name) => onsetMembers[name]),
  blend: "mean",
  folds: 10,
  calibration: "platt"
})

/** The state is easy to rank, by distance alone, so what matters is that its probability is calibrated. */
const state: Omit<HeadOptions, "seed"> = {
  members: [
    logistic("distance_bps", "departure_bps", "room_log_1h", "drifting_passage_log_1h"),
    { kind: "boosting", trees: 60, depthMax: 2, leafRowsMin: 40, rate: 0.08, penalty: 5 }
  ],
  blend: "fitted",
  negatives: 3,
  negativesMin: 5000,
  positivesMax: 6000,
  calmWeight: 3,
  eventsAlike: false,
  folds: 3,
  calibration: "isotonic"
}

export const headOptionsOf = (label: HeadLabel, recipe: RecipeName): Omit<HeadOptions, "seed"> =>
  label === "state" ? state : onset(recipe)
/** A recipe as a whole, as it is recorded in a model's file. */
export const wholeRecipe = (recipe: RecipeName) => ({ recipe, onset: onset(recipe), state })
export const recipeSeed = 1
