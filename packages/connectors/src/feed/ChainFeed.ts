/** Starts a watcher for each chain and gives each of its sources the number of its instrument. */
import type { ChainId } from "@evenkeel/domain/market/Venue"
import { Effect, Layer } from "effect"
import { chains } from "../chain/Chains.ts"
import { type ChainSource, sourceInstrument, sourceName } from "../chain/ChainSource.ts"
import { makeChainWatcher } from "../chain/ChainWatcher.ts"
import type { RpcEndpoint } from "../chain/RpcEndpoints.ts"
import { Instruments } from "./Instruments.ts"

export interface WatchedChain {
  readonly chain: ChainId
  readonly endpoints: ReadonlyArray<RpcEndpoint>
  /** Blocks that must follow a block before it is read; 0 reads the head, and withdraws its readings if it leaves the chain. */
  readonly confirmations: number
  /** What is watched. Each is an instrument (`sourceInstrument`) and must be among the engine's. */
  readonly sources: ReadonlyArray<ChainSource>
}

export const layerChains = (watched: ReadonlyArray<WatchedChain>) => Layer.effectDiscard(Effect.forEach(watched, watch, { discard: true }))

const watch = Effect.fnUntraced(function* ({ chain, confirmations, endpoints, sources }: WatchedChain) {
  const instruments = yield* Instruments
  const numbered: Array<{ readonly source: ChainSource; readonly instrument: number }> = []
  for (const source of sources) {
    const { symbol, venue } = sourceInstrument(chain, source)
    const instrument = instruments.numberOf(venue, symbol)
    if (instrument !== undefined) numbered.push({ source, instrument })
    else
      yield* Effect.logWarning("a source is not among the engine's instruments and is not watched", { chain, source: sourceName(source) })
  }
  yield* makeChainWatcher({ chain: yield* chains[chain](endpoints), confirmations, sources: numbered })
})
