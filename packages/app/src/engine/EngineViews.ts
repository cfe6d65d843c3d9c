/** The engine's state in the form that the API, the page and the screen show. */
import type { CoinView } from "@evenkeel/api/contract/group/Coins"
import { EngineView } from "@evenkeel/api/server/EngineView"
import { Instruments, type Numbered } from "@evenkeel/connectors/feed/Instruments"
import { News } from "@evenkeel/connectors/feed/NewsFeed"
import { Detection } from "@evenkeel/detection/host/Detection"
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { MarketClock } from "@evenkeel/runtime/time/MarketClock"
import { Effect, Layer } from "effect"

/** Headlines that are shown of a coin. */
const headlinesShown = 5

const makeEngineView = (simulated: boolean) =>
  Effect.gen(function* () {
    const detection = yield* Detection
    const instruments = yield* Instruments
    const clock = yield* MarketClock
    const news = yield* News

    const sourceOf = (number: number, { base, symbol, venue }: Instrument, coin: string): CoinView["sources"][number] => {
      const state = detection.instrument(number)
      return {
        venue,
        symbol,
        bid: state?.bid ?? null,
        ask: state?.ask ?? null,
        lastPrice: state?.lastPrice ?? null,
        ageMillis: state === undefined || state.received === null ? null : Math.max(0, clock() - state.received),
        book: state?.book ?? "none",
        bidLevels: state?.bidLevels ?? null,
        askLevels: state?.askLevels ?? null,
        staleReason: state?.staleReason ?? null,
        residualBps: state?.residualBps ?? null,
        errorBps: state?.errorBps ?? null,
        // Of the pair's base alone it says something by itself.
        ownDeviationBps: base === coin ? (state?.ownDeviationBps ?? null) : null,
        ownLevel: base === coin ? (state?.ownLevel ?? "normal") : "normal",
        pool: state?.pool ?? null,
        supply: state?.supply ?? null
      }
    }
    return EngineView.of({
      simulated,
      coins: () => {
        // What is priced in a coin and is none, as a bridge, comes behind the pairs of coins.
        const isCoin = ({ instrument }: Numbered) => detection.coins.some(({ symbol }) => symbol === instrument.base)
        const listed = instruments.list().toSorted((a, b) => Number(isCoin(b)) - Number(isCoin(a)))
        return detection.coins.map(({ peg, symbol }, index): CoinView => {
          const state = detection.coin(index)
          const priced = typeof state?.fairValue === "number"
          return {
            coin: symbol,
            simulated,
            peg,
            fairValue: state?.fairValue ?? null,
            errorBps: priced ? (state?.errorBps ?? null) : null,
            deviationBps: priced ? (state?.deviationBps ?? null) : null,
            // Of a coin that nobody has seen yet nothing is known, whatever its patience.
            level: state === undefined || (!priced && state.level === "normal") ? "stale" : state.level,
            since: state?.since ?? null,
            grounded: state?.grounded ?? false,
            share: state?.share ?? null,
            venues: state?.venues ?? { agree: [], differ: [] },
            detectors: state?.detectors ?? { baselineBps: null, score: null, cusum: null, changepoint: null },
            model: state?.model ?? null,
            news: news
              .newest(symbol, headlinesShown)
              .map((headline) => ({ ...headline, link: headline.link === "" ? null : headline.link })),
            sources: listed.flatMap(({ instrument, number }) =>
              instrument.base === symbol || instrument.quote === symbol ? [sourceOf(number, instrument, symbol)] : []
            )
          }
        })
      }
    })
  })

/** `simulated`: the markets are no real ones. */
export const layerEngineView = (options: { readonly simulated: boolean }) => Layer.effect(EngineView, makeEngineView(options.simulated))
