/**
 * Who takes: net taker volume over what was traded, fast and slow, and `Flow`'s scores of it.
 * Sources: Chordia, Roll and Subrahmanyam 2002 (order imbalance); Easley, López de Prado and O'Hara 2012 (volume-synchronised toxicity).
 */
import type { CoinBar, Family, FamilyDefinition } from "./CoinBar.ts"
import { hour, minute, Total } from "./Decay.ts"

const spans = [15 * minute, hour, 4 * hour] as const

class TradeFlow implements Family {
  private readonly net = spans.map((span) => new Total(span))
  private readonly gross = spans.map((span) => new Total(span))
  private readonly size = new Total(4 * hour)

  update({ bought, elapsed, flowLong, flowShort, flowSurge, volume }: CoinBar, out: Float64Array, at: number): void {
    const net = 2 * bought - volume
    for (let i = 0; i < spans.length; i++) {
      const sum = this.net[i]!.update(net, elapsed)
      const gross = this.gross[i]!.update(Number.isNaN(net) ? Number.NaN : volume, elapsed)
      out[at + i] = gross > 0 ? sum / gross : Number.NaN
    }
    const toxic = this.size.update(Math.abs(net), elapsed)
    out[at + 3] = this.gross[2]!.value > 0 ? toxic / this.gross[2]!.value : Number.NaN
    out[at + 4] = flowShort
    out[at + 5] = flowLong
    out[at + 6] = flowSurge > 0 ? Math.log(flowSurge) : Number.NaN
  }
}

export const tradeFlow: FamilyDefinition = {
  names: ["flow_15m", "flow_1h", "flow_4h", "toxicity", "flow_score_1h", "flow_score_2h", "flow_surge"],
  outward: ["flow_15m", "flow_1h", "flow_4h", "flow_score_1h", "flow_score_2h"],
  make: () => new TradeFlow()
}
