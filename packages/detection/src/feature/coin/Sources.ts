/** How well the coin's sources agree, which of them leads, and how long it is since any of them spoke. */
import type { CoinBar, Family, FamilyDefinition } from "./CoinBar.ts"
import { hour, Mean, Pair, ratioLog } from "./Decay.ts"

class Sources implements Family {
  private readonly usual = new Mean(24 * hour)
  /** The leader's residual against the fair value's next change: positive where it leads. */
  private readonly lead = new Pair(4 * hour)
  private leader = Number.NaN
  private last = Number.NaN

  update(
    { basisBps, deviationBps, dispersionBps, elapsed, farthestBps, leaderBps, sources }: CoinBar,
    out: Float64Array,
    at: number
  ): void {
    this.lead.update(this.leader, deviationBps - this.last, elapsed)
    this.leader = leaderBps
    this.last = deviationBps
    const usual = this.usual.value
    this.usual.update(dispersionBps, elapsed)
    out[at] = dispersionBps
    out[at + 1] = ratioLog(dispersionBps + 0.5, usual + 0.5)
    out[at + 2] = farthestBps
    out[at + 3] = basisBps
    out[at + 4] = this.lead.correlation
    out[at + 5] = sources
    out[at + 6] = Math.log1p(elapsed / 60_000)
  }
}

export const sources: FamilyDefinition = {
  names: ["dispersion_bps", "dispersion_ratio", "farthest_source_bps", "basis_bps", "lead_lag", "sources", "log_minutes_since_data"],
  outward: ["farthest_source_bps", "basis_bps"],
  make: () => new Sources()
}
