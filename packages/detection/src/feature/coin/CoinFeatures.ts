/**
 * Everything that a model sees of a coin, as one row of numbers, brought up to date at each bar's close; nothing is allocated for a feature.
 *
 * A model file names its features, so families may be added. A feature that cannot be known is NaN. What has a direction is told outwards:
 * a fall below the peg and a rise above it look alike, and what was learned of one serves for the other. `deviation_bps` alone keeps its sign.
 */
import { book } from "./Book.ts"
import type { CoinBar, FamilyDefinition } from "./CoinBar.ts"
import { departure } from "./Departure.ts"
import { detectors } from "./Detectors.ts"
import { distance } from "./Distance.ts"
import { market } from "./Market.ts"
import { nearness } from "./Nearness.ts"
import { news } from "./News.ts"
import { onChain } from "./OnChain.ts"
import { oscillator } from "./Oscillator.ts"
import { peers } from "./Peers.ts"
import { reversion } from "./Reversion.ts"
import { slope } from "./Slope.ts"
import { sources } from "./Sources.ts"
import { tradeFlow } from "./TradeFlow.ts"
import { volatility } from "./Volatility.ts"
import { volume } from "./Volume.ts"

export const families: ReadonlyArray<FamilyDefinition> = [
  distance,
  slope,
  volatility,
  oscillator,
  volume,
  tradeFlow,
  reversion,
  sources,
  book,
  onChain,
  peers,
  market,
  detectors,
  nearness,
  departure,
  news
]

export const coinFeatureNames: ReadonlyArray<string> = families.flatMap(({ names }) => names)

/** Fields of a coin's row in the features table: the bar's close (Unix ms), then the features. */
export const featureRow = 1 + coinFeatureNames.length

const outward = Uint8Array.from(families.flatMap(({ names, outward: turned }) => names.map((name) => (turned.includes(name) ? 1 : 0))))

export class CoinFeatures {
  /** In the order of `coinFeatureNames`. */
  readonly values = new Float64Array(coinFeatureNames.length).fill(Number.NaN)
  private readonly families = families.map(({ make }) => make())

  update(bar: CoinBar): void {
    let at = 0
    for (let i = 0; i < families.length; i++) {
      this.families[i]!.update(bar, this.values, at)
      at += families[i]!.names.length
    }
    const side = bar.deviationBps < 0 ? -1 : 1
    for (let i = 0; i < at; i++) {
      // What overflowed or divided by nothing is not known either.
      if (!Number.isFinite(this.values[i]!)) this.values[i] = Number.NaN
      else if (outward[i] === 1) this.values[i]! *= side
    }
  }
}
