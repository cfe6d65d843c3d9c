/** What chains say: a pool's imbalance and drain, the supply's change in a day, and how far and how old the oracle's word is. */
import type { CoinBar, Family, FamilyDefinition } from "./CoinBar.ts"
import { day, hour, Mean, ratioLog } from "./Decay.ts"

class OnChain implements Family {
  private readonly depth = new Mean(day)
  private readonly supply = new Mean(day)

  update({ elapsed, oracleAge, oracleGapBps, poolDepth, poolImbalance, supply }: CoinBar, out: Float64Array, at: number): void {
    // A pool fills with the coin that is sold into it: more of it pushes the price down.
    out[at] = -poolImbalance
    out[at + 1] = ratioLog(poolDepth, this.depth.value)
    out[at + 2] = 1e4 * ratioLog(supply, this.supply.value)
    out[at + 3] = oracleGapBps
    out[at + 4] = oracleAge / hour
    this.depth.update(poolDepth, elapsed)
    this.supply.update(supply, elapsed)
  }
}

export const onChain: FamilyDefinition = {
  names: ["pool_imbalance", "pool_drain", "supply_change_bps", "oracle_gap_bps", "oracle_age_hours"],
  outward: ["pool_imbalance", "supply_change_bps", "oracle_gap_bps"],
  make: () => new OnChain()
}
