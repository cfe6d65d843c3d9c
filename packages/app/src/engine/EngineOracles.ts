/** The configured price feeds, judged by the fair values of the engine that runs. */
import type { MarketValue } from "@evenkeel/assessment/oracle/AssessOracle"
import { independentValues, type SourcePrice } from "@evenkeel/assessment/oracle/IndependentValues"
import { Oracles } from "@evenkeel/assessment/oracle/Oracles"
import { makeFeedReader, termsOf } from "@evenkeel/assessment/oracle/ReadFeed"
import { Instruments, type Numbered } from "@evenkeel/connectors/feed/Instruments"
import { Detection } from "@evenkeel/detection/host/Detection"
import { MarketClock } from "@evenkeel/runtime/time/MarketClock"
import { Effect, Layer } from "effect"
import type { EngineConfig } from "../config/EngineConfig.ts"
import type { EngineSetup } from "./EngineSetup.ts"

const everySecondsUsual = 30

/** A feed of the engine's own sources, which has a say in its fair values. */
const isFeed = ({ instrument }: Numbered) => instrument.symbol.startsWith("PriceFeed:")

/** A made-up market has no chains and no public addresses: constants and files of rounds are read there, and nothing else. */
const isOffline = ({ source }: EngineConfig["oracles"][number]) => source._tag === "Constant" || source._tag === "RoundFile"

export const layerOracles = ({ chains, oracles }: EngineConfig, setup: Pick<EngineSetup, "simulated">) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const feeds = setup.simulated ? oracles.filter(isOffline) : oracles
      if (feeds.length === 0) return Oracles.layerNoop
      const now = yield* MarketClock
      const endpointsOf = (id: string) => chains.filter(({ chain }) => chain === id).flatMap(({ endpoints }) => endpoints)
      const watched = yield* Effect.forEach(feeds, (feed) =>
        Effect.map(makeFeedReader(feed, endpointsOf, now), (read) => ({
          terms: termsOf(feed),
          everySeconds: feed.everySeconds ?? everySecondsUsual,
          read
        }))
      )
      return Oracles.layer({ feeds: watched, value: yield* makeMarketValue, now })
    })
  )

/** A coin's fair value without any oracle: the engine's own where none has a say in it. */
export const makeMarketValue = Effect.gen(function* () {
  const detection = yield* Detection
  const instruments = yield* Instruments
  const now = yield* MarketClock

  const own = (coin: string): MarketValue | undefined => {
    const state = detection.coin(detection.coins.findIndex(({ symbol }) => symbol === coin))
    if (state === undefined || state.level === "stale" || state.fairValue === null || state.errorBps === null || state.time === null)
      return undefined
    return {
      time: state.time,
      value: state.fairValue,
      errorBps: state.errorBps,
      grounded: state.grounded,
      agree: state.venues.agree,
      differ: state.venues.differ
    }
  }
  const priceOf = ({ instrument: { base, quote, venue }, number }: Numbered): ReadonlyArray<SourcePrice> => {
    const state = detection.instrument(number)
    // One without a residual has no say now.
    if (state === undefined || state.residualBps === null || state.errorBps === null || state.received === null || state.supply !== null)
      return []
    const middle = state.bid === null || state.ask === null ? null : (state.bid + state.ask) / 2
    const price = middle ?? state.lastPrice
    return price === null ? [] : [{ venue, base, quote, price, errorBps: state.errorBps, time: state.received }]
  }
  return (coin: string): MarketValue | undefined => {
    const listed = instruments.list()
    if (!listed.some(isFeed)) return own(coin)
    const sources = listed.filter((numbered) => !isFeed(numbered)).flatMap(priceOf)
    return independentValues(detection.coins, sources, now()).get(coin)
  }
})
