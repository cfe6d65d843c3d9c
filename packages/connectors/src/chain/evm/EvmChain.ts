/** Chains of the Ethereum kind, through viem: pools, tokens, Chainlink rounds and gas, each read as of one block. */
import {
  type ConcentratedLiquiditySource,
  type ConstantProductSource,
  type PriceFeedSource,
  type StableSwapSource,
  sourceName,
  type TokenSupplySource
} from "../ChainSource.ts"
import { concentratedDepth, sqrtRatioPrice, timeWeightedPrice } from "@evenkeel/domain/pool/ConcentratedLiquidity"
import { constantProductDepth, constantProductPrice } from "@evenkeel/domain/pool/ConstantProduct"
import { poolImbalance, stableSwapExchange, type StableSwapPool } from "@evenkeel/domain/pool/StableSwap"
import { Deferred, Effect } from "effect"
import {
  BaseError,
  BlockNotFoundError,
  createPublicClient,
  formatUnits,
  getAddress,
  parseAbi,
  parseAbiItem,
  type PublicClient,
  webSocket,
  zeroAddress
} from "viem"
import { type BlockRef, type Chain, ChainUnavailable, type PoolReading, type Reading, SourceUnreadable } from "../Chain.ts"
import type { RpcEndpoint } from "../RpcEndpoints.ts"
import { makeEvmCalls, problemOf } from "./EvmCalls.ts"

/** About how long a block takes. */
export const evmBlockMillis = { ethereum: 12_000, bsc: 750, polygon: 2000, avalanche: 1500, base: 2000, arbitrum: 250 } as const
export type EvmChainId = keyof typeof evmBlockMillis

const stableSwapAbi = parseAbi([
  "function A() view returns (uint256)",
  "function fee() view returns (uint256)",
  "function balances(uint256) view returns (uint256)"
])
const constantProductAbi = parseAbi(["function getReserves() view returns (uint112, uint112, uint32)"])
const concentratedAbi = parseAbi([
  "function slot0() view returns (uint160 sqrtPriceX96, int24 tick, uint16 observationIndex, uint16 observationCardinality, uint16 observationCardinalityNext, uint8 feeProtocol, bool unlocked)",
  "function liquidity() view returns (uint128)",
  "function observe(uint32[] secondsAgos) view returns (int56[] tickCumulatives, uint160[] secondsPerLiquidityCumulativeX128s)"
])
const tokenAbi = parseAbi(["function totalSupply() view returns (uint256)"])
const transfer = parseAbiItem("event Transfer(address indexed from, address indexed to, uint256 value)")
const feedAbi = parseAbi([
  "function latestRoundData() view returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)"
])

/** A pool's average is taken over this span. */
const averageSeconds = 600
/** Blocks whose logs are asked for at once: what public endpoints allow. */
const logBlocksMax = 1000
const depthShare = 0.01

export const makeEvmChain = Effect.fnUntraced(function* (id: EvmChainId, configured: ReadonlyArray<RpcEndpoint>) {
  const { ask, socket } = yield* makeEvmCalls(id, configured)
  /** Questions about the chain itself cannot be refused. */
  const unrefused = <A>(effect: Effect.Effect<A, ChainUnavailable | SourceUnreadable>): Effect.Effect<A, ChainUnavailable> =>
    Effect.mapError(effect, (error) => new ChainUnavailable({ chain: id, problem: error.problem }))

  const head = unrefused(ask("head", (client) => client.getBlock({ blockTag: "latest" }))).pipe(Effect.map(refOf))
  const block = (number: number) =>
    unrefused(
      ask("block", (client) =>
        client.getBlock({ blockNumber: BigInt(number) }).then(refOf, (error: unknown) => {
          if (error instanceof BaseError && error.walk((cause) => cause instanceof BlockNotFoundError) !== null) return undefined
          throw error
        })
      )
    )

  return {
    id,
    blockMillis: evmBlockMillis[id],
    head,
    block,
    read: (source, at, since) =>
      ask(sourceName(source), (client): Promise<Reading> => {
        const blockNumber = BigInt(at.number)
        switch (source._tag) {
          case "StableSwap":
            return readStableSwap(client, source, blockNumber)
          case "ConstantProduct":
            return readConstantProduct(client, source, blockNumber)
          case "ConcentratedLiquidity":
            return readConcentrated(client, source, blockNumber)
          case "TokenSupply":
            return readSupply(client, source, blockNumber, since)
          case "PriceFeed":
            return readFeed(client, source, blockNumber)
          case "Gas":
            return client
              .getBlock({ blockNumber })
              .then(({ baseFeePerGas }) => ({ _tag: "Gas", price: Number(formatUnits(baseFeePerGas ?? 0n, 9)) }))
        }
      }),
    subscribe:
      socket === undefined
        ? undefined
        : Effect.fnUntraced(function* (wake) {
            const fail = (error: unknown) => new ChainUnavailable({ chain: id, problem: problemOf(error) })
            const client = createPublicClient({ transport: webSocket(socket, { retryCount: 0, reconnect: false }) })
            const ended = yield* Deferred.make<never, ChainUnavailable>()
            yield* Effect.acquireRelease(
              Effect.tryPromise({
                try: () =>
                  client.transport.subscribe({
                    params: ["newHeads"],
                    onData: wake,
                    onError: (error: unknown) => Deferred.doneUnsafe(ended, Effect.fail(fail(error)))
                  }),
                catch: fail
              }),
              () =>
                Effect.ignore(
                  Effect.flatMap(
                    Effect.tryPromise(() => client.transport.getRpcClient()),
                    (rpc) => Effect.sync(() => rpc.close())
                  )
                )
            )
            return yield* Deferred.await(ended)
          })
  } satisfies Chain as Chain
})

const refOf = (block: { number: bigint; hash: string; parentHash: string; timestamp: bigint }): BlockRef => ({
  number: Number(block.number),
  hash: block.hash,
  parentHash: block.parentHash,
  time: Number(block.timestamp) * 1000
})

/** The price of a thousandth of the base's balance: small enough to be the price, large enough for the smallest units. */
const readStableSwap = (
  client: PublicClient,
  { address, amplificationPrecision, base, quote, tokens }: typeof StableSwapSource.Type,
  blockNumber: bigint
): Promise<PoolReading> => {
  const pool = { address: getAddress(address), abi: stableSwapAbi, blockNumber } as const
  return Promise.all([
    client.readContract({ ...pool, functionName: "A" }),
    client.readContract({ ...pool, functionName: "fee" }),
    ...tokens.map((_, coin) => client.readContract({ ...pool, functionName: "balances", args: [BigInt(coin)] }))
  ]).then(([amplification, fee, ...balances]) => {
    const precision = BigInt(amplificationPrecision ?? 1)
    const state: StableSwapPool = {
      amplification: amplification * precision,
      amplificationPrecision: precision,
      balances,
      rates: tokens.map(({ decimals }) => 10n ** BigInt(36 - decimals)),
      fee
    }
    const from = tokens.findIndex(({ coin }) => coin === base)
    const to = tokens.findIndex(({ coin }) => coin === quote)
    const priced = { ...state, fee: 0n }
    const whole = (amount: bigint, coin: number) => Number(formatUnits(amount, tokens[coin]!.decimals))
    const priceOf = (amount: bigint) => whole(stableSwapExchange(priced, from, to, amount), to) / whole(amount, from)
    const probe = balances[from]! / 1000n
    const price = probe === 0n ? Number.NaN : priceOf(probe)
    return {
      _tag: "Pool",
      price,
      imbalance: poolImbalance(state, from),
      sellDepth: whole(depthOf(priced, from, to, price * (1 - depthShare), tokens), from),
      buyDepth: whole(depthOf(priced, to, from, (1 - depthShare) / price, tokens), to) / price,
      averagePrice: Number.NaN
    }
  })
}

/** Of coin `from`, how much sells before its marginal price falls below `floor`: by bisection over the pool's mathematics. */
const depthOf = (
  pool: StableSwapPool,
  from: number,
  to: number,
  floor: number,
  tokens: ReadonlyArray<{ readonly decimals: number }>
): bigint => {
  let low = 0n
  let high = pool.balances[from]! * 20n
  const step = pool.balances[from]! / 10_000n
  if (step === 0n || !(floor > 0)) return 0n
  const unit = 10 ** (tokens[from]!.decimals - tokens[to]!.decimals)
  while (high - low > step) {
    const middle = (low + high) / 2n
    const margin = stableSwapExchange(pool, from, to, middle + step) - stableSwapExchange(pool, from, to, middle)
    if ((Number(margin) / Number(step)) * unit >= floor) low = middle
    else high = middle
  }
  return low
}

/** A pair's numbers turned round where the base is token 1. */
const oriented = (base: string, token0: string, price: number, [sell, buy]: readonly [number, number], average: number) =>
  base === token0
    ? { price, sellDepth: sell, buyDepth: buy, averagePrice: average }
    : // What sells token 1 buys token 0.
      { price: 1 / price, sellDepth: buy * price, buyDepth: sell * price, averagePrice: 1 / average }

const readConstantProduct = (
  client: PublicClient,
  { address, base, tokens }: typeof ConstantProductSource.Type,
  blockNumber: bigint
): Promise<PoolReading> => {
  const asked = { address: getAddress(address), abi: constantProductAbi, blockNumber, functionName: "getReserves" } as const
  return client.readContract(asked).then(([reserve0, reserve1]) => {
    const pool = { reserves: [reserve0, reserve1], decimals: [tokens[0].decimals, tokens[1].decimals] } as const
    const depth = constantProductDepth(pool, depthShare)
    return { _tag: "Pool", imbalance: Number.NaN, ...oriented(base, tokens[0].coin, constantProductPrice(pool), depth, Number.NaN) }
  })
}

const readConcentrated = (
  client: PublicClient,
  { address, base, tokens }: typeof ConcentratedLiquiditySource.Type,
  blockNumber: bigint
): Promise<PoolReading> => {
  const pool = { address: getAddress(address), abi: concentratedAbi, blockNumber } as const
  return Promise.all([
    client.readContract({ ...pool, functionName: "slot0" }),
    client.readContract({ ...pool, functionName: "liquidity" }),
    // A pool that is younger than the span, or keeps too few observations, refuses.
    client.readContract({ ...pool, functionName: "observe", args: [[averageSeconds, 0]] }).catch(() => undefined)
  ]).then(([[sqrtRatio], liquidity, observed]) => {
    const decimals = [tokens[0].decimals, tokens[1].decimals] as const
    const [before, after] = observed?.[0] ?? []
    const average = before === undefined || after === undefined ? Number.NaN : timeWeightedPrice(before, after, averageSeconds, decimals)
    const depth = concentratedDepth(sqrtRatio, liquidity, depthShare, decimals)
    return { _tag: "Pool", imbalance: Number.NaN, ...oriented(base, tokens[0].coin, sqrtRatioPrice(sqrtRatio, decimals), depth, average) }
  })
}

/** Mints come from the zero address, burns go to it. */
const readSupply = (
  client: PublicClient,
  { address, decimals }: typeof TokenSupplySource.Type,
  blockNumber: bigint,
  since: number
): Promise<Reading> => {
  const token = getAddress(address)
  const spans = Array.from({ length: Math.ceil((Number(blockNumber) - since + 1) / logBlocksMax) }, (_, span) => {
    const fromBlock = BigInt(since + span * logBlocksMax)
    const last = fromBlock + BigInt(logBlocksMax) - 1n
    return { fromBlock, toBlock: last < blockNumber ? last : blockNumber }
  })
  const moved = (args: { from: typeof zeroAddress } | { to: typeof zeroAddress }) =>
    Promise.all(spans.map((span) => client.getLogs({ address: token, event: transfer, args, ...span }))).then((logs) =>
      Number(
        formatUnits(
          logs.flat().reduce((sum, log) => sum + (log.args.value ?? 0n), 0n),
          decimals
        )
      )
    )
  return Promise.all([
    client.readContract({ address: token, abi: tokenAbi, blockNumber, functionName: "totalSupply" }),
    moved({ from: zeroAddress }),
    moved({ to: zeroAddress })
  ]).then(([supply, minted, burned]) => ({ _tag: "Supply", supply: Number(formatUnits(supply, decimals)), minted, burned }))
}

const readFeed = (client: PublicClient, { address, decimals }: typeof PriceFeedSource.Type, blockNumber: bigint): Promise<Reading> => {
  const asked = { address: getAddress(address), abi: feedAbi, blockNumber, functionName: "latestRoundData" } as const
  return client.readContract(asked).then(([, answer, , updatedAt]) => ({
    _tag: "Feed",
    price: Number(formatUnits(answer, decimals)),
    updatedAt: Number(updatedAt) * 1000
  }))
}
