/**
 * What is known of one coin when a bar closes: the input of every family of features.
 *
 * A reused record. NaN means that nobody said: no source tells volumes, no venue a spread. Families answer NaN in turn, never a guess.
 */
export class CoinBar {
  /** Close, Unix ms, and the time since the coin's bar before (0 for the first). */
  time = 0
  elapsed = 0
  /** Fair value against the peg, its standard error, and where the coin usually stands, bps. */
  deviationBps = 0
  errorBps = 0
  baselineBps = 0
  /** The usual standard deviation around it, bps. */
  scaleBps = 1
  /** Base units traded since the bar before, and what takers bought of them. */
  volume = Number.NaN
  bought = Number.NaN
  /** See `Flow`. */
  flowShort = Number.NaN
  flowLong = Number.NaN
  flowSurge = Number.NaN
  /** Of the best quote: half of it is each side's distance from the middle. */
  spreadBps = Number.NaN
  /** The price that weighs each side by the other's quantity, less the middle. */
  micropriceBps = Number.NaN
  /** (bid - ask) / (bid + ask) of the best quantities, -1 to 1, and their sum in base units. */
  imbalance = Number.NaN
  depth = Number.NaN
  /** Over the coin's live sources: residuals' standard deviation and the farthest one, signed. */
  dispersionBps = Number.NaN
  farthestBps = Number.NaN
  /** Value by pairs with the currency less value by pairs with other coins. */
  basisBps = Number.NaN
  /** Residuals of the source that spoke last. */
  leaderBps = Number.NaN
  sources = 0
  /** Pools: how far the coin's share is above even (-1 to 1), and the depth that is left, in the quote. */
  poolImbalance = Number.NaN
  poolDepth = Number.NaN
  supply = Number.NaN
  /** An oracle's last round less the fair value, bps, and its age. */
  oracleGapBps = Number.NaN
  oracleAge = Number.NaN
  /** Over the other coins of the same peg that were heard of within a day: farthest below, mean, mean distance, share beyond 20 bps. */
  peersWorstBps = Number.NaN
  peersMeanBps = Number.NaN
  peersDistanceBps = Number.NaN
  peersStressed = Number.NaN
  /** Price of bitcoin, in whatever currency it is told. */
  marketPrice = Number.NaN
  /** Items that named the coin lately, each weighed by its age, and their mean score, -1 to 1. */
  newsCount = Number.NaN
  newsScore = Number.NaN
  cusum = 0
  changepoint = 0
  stressBars = 0
  breakBars = 0
}

/** One family of features of one coin. */
export interface Family {
  /** Writes the family's features of `bar` into `out` from `at` on, one for each of its names. */
  update(bar: CoinBar, out: Float64Array, at: number): void
}

export interface FamilyDefinition {
  readonly names: ReadonlyArray<string>
  /** Those that have a direction: told outwards, positive away from the peg on the side where the coin stands. */
  readonly outward: ReadonlyArray<string>
  readonly make: () => Family
}
