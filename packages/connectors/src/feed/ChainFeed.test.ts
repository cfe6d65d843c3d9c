import { assert, describe, it } from "@effect/vitest"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { sourceIds } from "@evenkeel/domain/market/Venue"
import { HealthMonitor } from "@evenkeel/runtime/health/HealthMonitor"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { Snapshots } from "@evenkeel/store/snapshot/Snapshots"
import { Effect, Layer, Option, Redacted } from "effect"
import { makeRecordingSink, makeScriptedVenue } from "../../test/support/ScriptedVenue.ts"
import { type ChainSource, sourceInstrument } from "../chain/ChainSource.ts"
import { Instruments } from "./Instruments.ts"
import { MarketFeed } from "./MarketFeed.ts"

const layer = HealthMonitor.layer.pipe(
  Layer.provideMerge(Supervisor.layer),
  Layer.provideMerge(Policies.layer()),
  Layer.provideMerge(HealthRegistry.layer)
)
const snapshots = Layer.succeed(Snapshots, Snapshots.of({ save: () => Effect.void, load: () => Effect.succeed(Option.none()) }))

const gas: ChainSource = { _tag: "Gas" }
const unknown: ChainSource = { _tag: "TokenSupply", address: "Tunknown", coin: "USDT", decimals: 6 }
const block = {
  blockID: "0070",
  block_header: { raw_data: { number: 70, timestamp: 1_700_000_000_000, parentHash: "0069", txTrieRoot: "0" } }
}

describe("ChainFeed", () => {
  it.effect("reads each source under its instrument's number, and leaves out those that are not among the instruments", () =>
    Effect.gen(function* () {
      const node = yield* makeScriptedVenue({
        body: (path) => JSON.stringify(path === "/wallet/getenergyprices" ? { prices: "0:100,1542607200000:20" } : block)
      })
      const { layer: sink, next } = yield* makeRecordingSink
      const other = { venue: "kraken", symbol: "USDC/USD", base: "USDC", quote: "USD" }
      yield* Effect.gen(function* () {
        const { connectors } = yield* MarketFeed
        assert.deepStrictEqual(connectors, [])
        assert.deepInclude(yield* next(FrameSource.event), { venue: sourceIds.indexOf("tron"), instrument: 1 })
        assert.notInclude(node.asked, "/wallet/triggerconstantcontract")
      }).pipe(
        Effect.provide(
          MarketFeed.layer({
            venues: [],
            chains: [
              { chain: "tron", endpoints: [{ url: Redacted.make("http://127.0.0.1:1") }], confirmations: 0, sources: [unknown, gas] }
            ]
          }).pipe(
            Layer.provide(Instruments.layer({ instruments: [other, sourceInstrument("tron", gas)], spares: 0 })),
            Layer.provide([sink, node.layer, snapshots])
          )
        )
      )
    }).pipe(Effect.scoped, Effect.provide(layer))
  )
})
