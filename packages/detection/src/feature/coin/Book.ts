/**
 * What the best quotes offer: spread and its ratio to the day's, microprice (Stoikov 2018), imbalance, and how fast depth goes away.
 */
import type { CoinBar, Family, FamilyDefinition } from "./CoinBar.ts"
import { day, hour, Mean, ratioLog } from "./Decay.ts"

class Book implements Family {
  private readonly spread = new Mean(day)
  private readonly depth = new Mean(day)
  private readonly imbalance = new Mean(hour)

  update({ depth, elapsed, imbalance, micropriceBps, spreadBps }: CoinBar, out: Float64Array, at: number): void {
    out[at] = spreadBps
    out[at + 1] = ratioLog(spreadBps + 0.1, this.spread.value + 0.1)
    out[at + 2] = micropriceBps
    out[at + 3] = this.imbalance.update(imbalance, elapsed)
    out[at + 4] = ratioLog(depth, this.depth.value)
    this.spread.update(spreadBps, elapsed)
    this.depth.update(depth, elapsed)
  }
}

export const book: FamilyDefinition = {
  names: ["spread_bps", "spread_ratio", "microprice_bps", "imbalance_1h", "depth_ratio"],
  outward: ["microprice_bps", "imbalance_1h"],
  make: () => new Book()
}
