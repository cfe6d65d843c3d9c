/** The chain connector on a real node: every kind of source, trades, mints and burns, reorganisations, and endpoints that fail. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { EventKind } from "@evenkeel/domain/market/MarketRecord"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { defaultPolicies } from "@evenkeel/runtime/resilience/Policy"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { Snapshots } from "@evenkeel/store/snapshot/Snapshots"
import { Effect, Layer, Redacted } from "effect"
import { createServer } from "node:http"
import type { ChainSource } from "../src/chain/ChainSource.ts"
import { makeChainWatcher, makeFollower } from "../src/chain/ChainWatcher.ts"
import { makeEvmChain } from "../src/chain/evm/EvmChain.ts"
import { FrameSink } from "../src/transport/FrameSink.ts"
import { compileContracts, makeOwner, startAnvil } from "./support/Anvil.ts"
import { layerMemoryDatabase } from "../../store/test/support/MemoryDatabase.ts"

const base = Supervisor.layer.pipe(
  Layer.provideMerge(Policies.layer({ rpc: { ...defaultPolicies.rpc, rate: { limit: 1e6, window: "1 minute" }, timeout: "2 seconds" } })),
  Layer.provideMerge(HealthRegistry.layer),
  Layer.provideMerge(Layer.merge(NodeServices.layer, NodeHttpClient.layerUndici))
)
const stored = Snapshots.layer.pipe(Layer.provide(layerMemoryDatabase), Layer.provideMerge(base))
const endpoint = (url: string, weight = 1) => ({ url: Redacted.make(url), weight })

/** A sink that keeps the events. */
const listening = () => {
  const events: Array<{ readonly instrument: number; readonly kind: number; readonly numbers: ReadonlyArray<number> }> = []
  const sink = FrameSink.of({
    offer: (_source, _venue, _connection, instrument, payload) => {
      const [kind = 0, ...numbers] = new Float64Array(payload.slice().buffer)
      events.push({ instrument, kind, numbers })
      return true
    },
    tick: () => true,
    counts: [],
    fill: () => 0
  })
  const last = (instrument: number) => events.filter((event) => event.instrument === instrument).at(-1)
  return { events, sink, last }
}

const compiled = compileContracts()
const promised = <A>(run: () => Promise<A>) => Effect.promise(run)
const sqrtRatioAtTick = (tick: number) => BigInt(Math.sqrt(1.0001 ** tick) * 2 ** 96)
const unit = (decimals: number, whole: number) => BigInt(whole) * 10n ** BigInt(decimals)

/** Every watched contract on a fresh node, and the sources that name them. */
const deployAll = Effect.gen(function* () {
  const url = yield* startAnvil
  const owner = makeOwner(url)
  const deployed = yield* promised(async () => ({
    token: await owner.deploy(compiled["Token"]!, [6]),
    stable: await owner.deploy(compiled["StableSwap"]!, [1000n, [unit(6, 5_000_000), unit(18, 5_000_000)], [10n ** 30n, 10n ** 18n]]),
    product: await owner.deploy(compiled["ConstantProduct"]!, [unit(6, 2_000_000), unit(18, 2_000_000)]),
    concentrated: await owner.deploy(compiled["ConcentratedLiquidity"]!, [sqrtRatioAtTick(276_324), 276_324, 10n ** 20n]),
    feed: await owner.deploy(compiled["PriceFeed"]!)
  }))
  const tokens = [
    { coin: "USDC", decimals: 6 },
    { coin: "DAI", decimals: 18 }
  ] as const
  const pair = { base: "USDC", quote: "DAI", tokens }
  const sources: ReadonlyArray<ChainSource> = [
    { _tag: "StableSwap", address: deployed.stable.address, ...pair },
    { _tag: "ConstantProduct", address: deployed.product.address, ...pair },
    { _tag: "ConcentratedLiquidity", address: deployed.concentrated.address, ...pair },
    { _tag: "TokenSupply", address: deployed.token.address, coin: "USDC", decimals: 6 },
    { _tag: "PriceFeed", address: deployed.feed.address, base: "USDC", quote: "USD", decimals: 8 },
    { _tag: "Gas" }
  ]
  return { url, owner, ...deployed, sources: sources.map((source, instrument) => ({ source, instrument })) }
})

describe("EvmChain and ChainWatcher on anvil", () => {
  it.live(
    "reads pools, supply, a feed and gas at each block, and follows trades, mints and burns",
    () =>
      Effect.gen(function* () {
        const { concentrated, feed, owner, product, sources, stable, token, url } = yield* deployAll
        yield* promised(() => feed.send("write", [99_980_000n]))
        const { events, last, sink } = listening()
        const chain = yield* makeEvmChain("ethereum", [endpoint(url)])
        const follower = yield* makeFollower({ chain, sources, confirmations: 0 }).pipe(Effect.provideService(FrameSink, sink))
        yield* follower.step
        const [, price, imbalance, sell, buy] = last(0)!.numbers
        assert.closeTo(price!, 1, 1e-5)
        assert.closeTo(imbalance!, 0, 1e-9)
        assert.isAbove(sell!, 1_000_000)
        assert.isAbove(buy!, 1_000_000)
        assert.closeTo(last(1)!.numbers[1]!, 1, 1e-9)
        assert.closeTo(last(1)!.numbers[3]!, 2_000_000 * (1 / Math.sqrt(0.99) - 1), 1)
        assert.closeTo(last(2)!.numbers[1]!, 1, 1e-4)
        assert.deepStrictEqual(last(3)!.numbers.slice(1, 4), [0, 0, 0])
        assert.strictEqual(last(4)!.kind, EventKind.oracle)
        assert.closeTo(last(4)!.numbers[1]!, 0.9998, 1e-9)
        assert.isAbove(last(5)!.numbers[1]!, 0)

        // People leave USDC for DAI; a million is minted, a quarter burned.
        yield* promised(async () => {
          await stable.send("exchange", [0n, 1n, unit(6, 4_000_000)])
          await product.send("swap0", [unit(6, 100_000)])
          await concentrated.send("moveTo", [sqrtRatioAtTick(276_124), 276_124])
          await token.send("mint", [owner.account.address, unit(6, 1_000_000)])
          await token.send("burn", [unit(6, 250_000)])
          await feed.send("write", [97_000_000n])
        })
        const before = events.length
        yield* follower.step
        // Six blocks were missed between: one reading each, and nothing of the mint is lost.
        assert.strictEqual(events.length, before + sources.length)
        const after = last(0)!.numbers
        assert.isAbove(after[2]!, 0.7)
        assert.isBelow(after[1]!, price! - 0.001)
        assert.isBelow(after[3]!, sell!)
        // The price is the contract's own, for a small amount and without its fee of 1 bp.
        const dy = yield* promised(() => stable.read("get_dy", [0n, 1n, unit(6, 1000)]) as Promise<bigint>)
        assert.closeTo(after[1]!, Number(dy) / 1e21 / (1 - 1e-4), 1e-4)
        assert.isBelow(last(1)!.numbers[1]!, 0.92)
        assert.closeTo(last(2)!.numbers[1]!, 1.0001 ** -200, 1e-3)
        assert.deepStrictEqual(last(3)!.numbers.slice(1, 4), [750_000, 1_000_000, 250_000])
        assert.closeTo(last(4)!.numbers[1]!, 0.97, 1e-9)
        // Nothing new, nothing said.
        const said = events.length
        yield* follower.step
        assert.strictEqual(events.length, said)
        // The pool's own average, once it is old enough: it stood at the new price all that while.
        yield* promised(async () => {
          await owner.client.increaseTime({ seconds: 3600 })
          await owner.client.mine({ blocks: 1 })
        })
        yield* follower.step
        assert.closeTo(last(2)!.numbers[5]!, 1.0001 ** -200, 1e-3)
      }).pipe(Effect.scoped, Effect.provide(base)),
    60_000
  )

  it.live(
    "withdraws what a reorganisation undid, and reads it again",
    () =>
      Effect.gen(function* () {
        const { owner, sources, token, url } = yield* deployAll
        const { events, last, sink } = listening()
        const chain = yield* makeEvmChain("ethereum", [endpoint(url)])
        const follower = yield* makeFollower({ chain, sources, confirmations: 0 }).pipe(Effect.provideService(FrameSink, sink))
        yield* follower.step
        yield* promised(() => token.send("mint", [owner.account.address, unit(6, 500)]))
        yield* follower.step
        yield* promised(() => token.send("mint", [owner.account.address, unit(6, 7)]))
        yield* follower.step
        assert.deepStrictEqual(last(3)!.numbers.slice(1, 4), [507, 7, 0])
        const before = events.length
        // Both mints never happened.
        yield* promised<unknown>(() => owner.client.request({ method: "anvil_reorg", params: [2, []] } as never))
        yield* follower.step
        const since = events.slice(before)
        assert.deepStrictEqual(
          since.slice(0, sources.length).map(({ kind }) => kind),
          sources.map(() => EventKind.withdrawn)
        )
        // The height is the same: what was undone is corrected at the next block.
        yield* promised(() => owner.client.mine({ blocks: 1 }))
        yield* follower.step
        assert.deepStrictEqual(last(3)!.numbers.slice(1, 4), [0, 0, 0])
        const lateBlocks = yield* makeFollower({ chain, sources, confirmations: 3 }).pipe(Effect.provideService(FrameSink, sink))
        const head = yield* chain.head
        assert.strictEqual((yield* lateBlocks.step)?.number, head.number - 3)
      }).pipe(Effect.scoped, Effect.provide(base)),
    60_000
  )

  it.live(
    "goes to another endpoint when one fails, is slow or lies, and says so when none is left",
    () =>
      Effect.gen(function* () {
        const { sources, url } = yield* deployAll
        const broken = yield* Effect.acquireRelease(
          Effect.callback<{ readonly url: string; answer: string | undefined; readonly close: () => void }>((resume) => {
            const handle = { url: "", answer: "<html>busy</html>" as string | undefined, close: () => {} }
            const server = createServer((_, response) => {
              // Without an answer it hangs.
              if (handle.answer !== undefined) response.writeHead(200, { "content-type": "application/json" }).end(handle.answer)
            })
            server.listen(0, "127.0.0.1", () => {
              const address = server.address()
              resume(
                Effect.succeed(
                  Object.assign(handle, {
                    url: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
                    close: () => {
                      server.closeAllConnections()
                      server.close()
                    }
                  })
                )
              )
            })
          }),
          ({ close }) => Effect.sync(close)
        )
        const { events, sink } = listening()
        const chain = yield* makeEvmChain("ethereum", [endpoint(broken.url, 1000), endpoint(url, 0.001)])
        const follower = yield* makeFollower({ chain, sources, confirmations: 0 }).pipe(Effect.provideService(FrameSink, sink))
        yield* follower.step
        assert.strictEqual(events.length, sources.length)
        broken.answer = undefined
        assert.isAbove((yield* chain.head).number, 0)
        const alone = yield* makeEvmChain("polygon", [endpoint("http://127.0.0.1:1")])
        assert.strictEqual((yield* Effect.flip(alone.head))._tag, "ChainUnavailable")
        // A contract that is not there is a source's failure, not the chain's: the others are read.
        const ghost = {
          source: { ...sources[1]!.source, address: "0x00000000000000000000000000000000000000ff" } as ChainSource,
          instrument: 9
        }
        const seen = listening()
        const partly = yield* makeFollower({ chain, sources: [ghost, sources[5]!], confirmations: 0 }).pipe(
          Effect.provideService(FrameSink, seen.sink)
        )
        yield* partly.step
        assert.deepStrictEqual(
          seen.events.map(({ instrument }) => instrument),
          [5]
        )
      }).pipe(Effect.scoped, Effect.provide(base)),
    60_000
  )

  it.live(
    "is woken by new heads, and after a restart counts from where it was",
    () =>
      Effect.gen(function* () {
        const { owner, sources, token, url } = yield* deployAll
        const first = listening()
        const withSocket = [{ ...endpoint(url), socket: Redacted.make(url.replace("http", "ws")) }]
        const chain = yield* makeEvmChain("ethereum", withSocket)
        const until = (what: string, test: () => boolean) =>
          Effect.gen(function* () {
            for (let turn = 0; turn < 1000; turn++) {
              if (test()) return
              yield* Effect.sleep("10 millis")
            }
            assert.fail(`not within 10 s: ${what}`)
          })
        yield* Effect.scoped(
          Effect.gen(function* () {
            // Polling alone would look once in twelve seconds.
            yield* makeChainWatcher({ chain, sources, confirmations: 0 }).pipe(Effect.provideService(FrameSink, first.sink))
            yield* until("the first reading", () => first.events.length >= sources.length)
            yield* Effect.sleep("300 millis")
            yield* promised(() => token.send("mint", [owner.account.address, unit(6, 11)]))
            yield* until("the mint is seen", () => first.last(3)?.numbers[2] === 11)
          }).pipe(Effect.provide(Supervisor.layer))
        )
        yield* promised(() => token.send("mint", [owner.account.address, unit(6, 13)]))
        yield* promised(() => owner.client.mine({ blocks: 3 }))
        const second = listening()
        yield* makeChainWatcher({ chain, sources, confirmations: 0 }).pipe(Effect.provideService(FrameSink, second.sink))
        yield* until("what happened meanwhile", () => second.last(3)?.numbers[2] === 13)
      }).pipe(Effect.scoped, Effect.provide(stored)),
    90_000
  )
})
