/**
 * What the shipped model is made of: which features, which members, how strongly regularised.
 *
 * Few breaks are known, so few features and simple members generalise best: the nineteen here were chosen for their meaning, and every member is
 * regularised more than its own cross-validation asks for. See docs/model-card.md for what else was tried.
 */
import type { HeadOptions } from "@evenkeel/learning/ensemble/FitHead"
import type { HeadLabel } from "@evenkeel/learning/model/Model"

export const modelFeatures: ReadonlyArray<string> = [
  "distance_bps",
  "robust_score",
  "slope_15m",
  "slope_1h",
  "slope_4h",
  "volatility_15m",
  "volatility_1h",
  "volatility_24h",
  "first_passage_1h",
  "first_passage_24h",
  "flow_1h",
  "flow_score_2h",
  "volume_surge_1h",
  "peers_distance_bps",
  "dispersion_bps",
  "stress_bars",
  "cusum",
  "deviation_bps",
  "change_bps"
]

/** Onsets are rare and hard to predict: five members with few degrees of freedom each. Those that extrapolate weigh more than trees. */
const onset: Omit<HeadOptions, "seed"> = {
  members: {
    logistic: { penalty: 100 },
    forest: { trees: 100, depthMax: 4, leafRowsMin: 40 },
    boosting: { trees: 60, depthMax: 2, leafRowsMin: 40, rate: 0.06, penalty: 5 },
    network: { hidden: [8], epochs: 6, batch: 64, rate: 0.002, decay: 0.05 },
    kernel: { supports: 128, penalty: 1, gamma: 0.003 }
  },
  negatives: 4,
  positivesMax: 3000,
  folds: 3,
  prior: { logistic: 3, network: 3, kernel: 2, forest: 1, boosting: 1 },
  calibration: "platt"
}

/** The state is easy to rank, so what matters is that its probability is calibrated. */
const state: Omit<HeadOptions, "seed"> = {
  members: {
    logistic: { penalty: 10 },
    forest: { trees: 100, depthMax: 7, leafRowsMin: 20 },
    boosting: { trees: 100, depthMax: 3, leafRowsMin: 40, rate: 0.08, penalty: 5 }
  },
  negatives: 3,
  positivesMax: 6000,
  folds: 3,
  calibration: "isotonic"
}

/** A day ahead, each break gives a day of nearly identical positive rows: one member with the fewest parameters, and no blend. */
const onsetDay: Omit<HeadOptions, "seed"> = { ...onset, members: { logistic: { penalty: 100 } } }

export const recipeOf = (label: HeadLabel, horizonMinutes: number): Omit<HeadOptions, "seed"> =>
  label === "state" ? state : horizonMinutes >= 1440 ? onsetDay : onset
/** The whole recipe, as it is recorded in a model's file. */
export const recipe = { onset, onsetDay, state }
export const recipeSeed = 1
