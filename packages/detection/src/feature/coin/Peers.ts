/**
 * What the other coins of the same peg do: contagion, correlation and beta of changes, and how far the coin is from what it is
 * cointegrated with (Engle and Granger 1987, the residual of its regression on the peers' mean).
 */
import type { CoinBar, Family, FamilyDefinition } from "./CoinBar.ts"
import { day, Pair } from "./Decay.ts"

class Peers implements Family {
  private readonly changes = new Pair(day)
  private readonly levels = new Pair(5 * day)
  private last = Number.NaN
  private lastPeers = Number.NaN

  update(
    { deviationBps, elapsed, peersDistanceBps, peersMeanBps, peersStressed, peersWorstBps }: CoinBar,
    out: Float64Array,
    at: number
  ): void {
    this.changes.update(peersMeanBps - this.lastPeers, deviationBps - this.last, elapsed)
    out[at] = peersWorstBps
    out[at + 1] = peersMeanBps
    out[at + 2] = peersDistanceBps
    out[at + 3] = peersStressed
    out[at + 4] = this.changes.correlation
    out[at + 5] = this.changes.beta
    out[at + 6] = this.levels.residualScore(peersMeanBps, deviationBps)
    this.levels.update(peersMeanBps, deviationBps, elapsed)
    this.last = deviationBps
    this.lastPeers = peersMeanBps
  }
}

export const peers: FamilyDefinition = {
  names: [
    "peers_worst_bps",
    "peers_mean_bps",
    "peers_distance_bps",
    "peers_stressed",
    "peers_correlation",
    "peers_beta",
    "cointegration_score"
  ],
  outward: ["peers_worst_bps", "peers_mean_bps", "cointegration_score"],
  make: () => new Peers()
}
