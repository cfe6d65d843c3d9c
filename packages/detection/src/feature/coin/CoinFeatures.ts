/**
 * Everything that a model sees of a coin, as one row of numbers, brought up to date at each bar's close without allocation.
 *
 * The order is part of every model file: a family is appended, never moved. A feature that cannot be known is NaN.
 */
import { book } from "./Book.ts"
import type { CoinBar, FamilyDefinition } from "./CoinBar.ts"
import { detectors } from "./Detectors.ts"
import { distance } from "./Distance.ts"
import { market } from "./Market.ts"
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
  detectors
]

export const coinFeatureNames: ReadonlyArray<string> = families.flatMap(({ names }) => names)

export class CoinFeatures {
  /** In the order of `coinFeatureNames`. */
  readonly values = new Float64Array(coinFeatureNames.length).fill(Number.NaN)
  readonly #families = families.map(({ make }) => make())

  update(bar: CoinBar): void {
    let at = 0
    for (let i = 0; i < families.length; i++) {
      this.#families[i]!.update(bar, this.values, at)
      at += families[i]!.names.length
    }
    // What overflowed or divided by nothing is not known either.
    for (let i = 0; i < at; i++) if (!Number.isFinite(this.values[i]!)) this.values[i] = Number.NaN
  }
}
