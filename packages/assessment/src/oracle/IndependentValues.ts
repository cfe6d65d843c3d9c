/**
 * Fair values that no oracle had a say in.
 *
 * A feed that is one of the engine's own sources (`PriceFeed` of a chain) votes on the fair value, and a feed of the same coin on another chain has the same
 * publishers. So where such sources are watched, the values are solved anew from what every other source says now. A price's time is when its source
 * was last heard; what each source has learned to be worth, and prices by way of bridges, are left out.
 */
import { FairValue } from "@evenkeel/detection/value/FairValue"
import type { Coin } from "@evenkeel/domain/coin/Coin"
import type { MarketValue } from "./AssessOracle.ts"

/** What one source says of a pair. */
export interface SourcePrice {
  readonly venue: string
  readonly base: string
  readonly quote: string
  readonly price: number
  readonly errorBps: number
  /** Unix ms. */
  readonly time: number
}

/** A source agrees with the fair value within this distance, or within so many of its errors: as in the hot path. */
const agreeBps = 15
const agreeSignificance = 3
const agreeMillis = 15 * 60_000

/** By coin; one that no source speaks of has none. */
export const independentValues = (
  coins: ReadonlyArray<Coin>,
  sources: ReadonlyArray<SourcePrice>,
  now: number
): ReadonlyMap<string, MarketValue> => {
  const indexOf = new Map(coins.map(({ symbol }, index) => [symbol, index]))
  const usable = sources.filter(({ base, price, quote }) => {
    const baseCoin = coins[indexOf.get(base) ?? -1]
    const quoteCoin = coins[indexOf.get(quote) ?? -1]
    return price > 0 && baseCoin !== undefined && (quoteCoin?.peg ?? quote) === baseCoin.peg
  })
  const venues = [...new Set(usable.map(({ venue }) => venue))]
  const value = new FairValue(
    usable.map(({ base, quote }) => [indexOf.get(base)!, indexOf.get(quote) ?? -1]),
    coins.map(({ anchor }) => anchor),
    usable.map(({ venue }) => venues.indexOf(venue)),
    coins.map(({ rateBearing }) => rateBearing === true)
  )
  usable.forEach(({ errorBps, price, time }, source) => value.observe(source, price, errorBps, time))
  value.solve(now)
  const found = new Map<string, MarketValue>()
  coins.forEach(({ symbol }, coin) => {
    const own = usable.flatMap(({ base, quote, time, venue }, source) =>
      base === symbol || quote === symbol
        ? [{ time, venue, far: Math.abs(value.residualBps[source]!), error: value.sourceErrorBps[source]! }]
        : []
    )
    if (own.length === 0) return
    const fresh = own.filter(({ time }) => now - time <= agreeMillis)
    const named = (agreeing: boolean) => [
      ...new Set(
        fresh.flatMap(({ error, far, venue }) => (far <= Math.max(agreeBps, agreeSignificance * error) === agreeing ? [venue] : []))
      )
    ]
    found.set(symbol, {
      time: own.reduce((newest, { time }) => Math.max(newest, time), Number.NEGATIVE_INFINITY),
      value: Math.exp(value.readingBps[coin]! / 1e4),
      errorBps: value.errorBps[coin]!,
      grounded: value.grounded[coin] === 1,
      agree: named(true),
      differ: named(false)
    })
  })
  return found
}
