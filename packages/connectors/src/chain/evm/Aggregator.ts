/**
 * Reads a Chainlink aggregator whole: the last round, and what the contract says of its own answers.
 *
 * `EvmChain` reads a feed as a price among others. Who judges a feed must see what that leaves out: the round's number, its decimals, an answer of zero or
 * below, and the bounds that the aggregator behind the proxy has (https://docs.chain.link/data-feeds/api-reference). Some aggregators have no bounds.
 */
import { Effect } from "effect"
import { formatUnits, getAddress, parseAbi, type PublicClient } from "viem"
import type { RpcEndpoint } from "../RpcEndpoints.ts"
import { isRefusal, makeEvmCalls } from "./EvmCalls.ts"
import type { EvmChainId } from "./EvmChain.ts"

export interface AggregatorAnswer {
  /** Decimal. */
  readonly round: string
  readonly price: number
  /** Unix ms. */
  readonly updatedAt: number
  readonly decimals: number
  /** As prices; undefined where the contract has no bounds. */
  readonly minimumAnswer: number | undefined
  readonly maximumAnswer: number | undefined
}

const abi = parseAbi([
  "function latestRoundData() view returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)",
  "function decimals() view returns (uint8)",
  "function aggregator() view returns (address)",
  "function minAnswer() view returns (int192)",
  "function maxAnswer() view returns (int192)"
])

/** Of one reading. */
const callsOfReading = 5

/** Reads the aggregator at `address` on a chain, or the proxy before it. */
export const makeAggregatorReader = Effect.fnUntraced(function* (
  chain: EvmChainId,
  configured: ReadonlyArray<RpcEndpoint>,
  address: string
) {
  const { ask } = yield* makeEvmCalls(chain, configured)
  return ask(`PriceFeed:${address}`, (client) => readAggregator(client, address), callsOfReading)
})

const readAggregator = (client: PublicClient, address: string): Promise<AggregatorAnswer> => {
  const proxy = { address: getAddress(address), abi } as const
  const orNone = <A>(asked: Promise<A>): Promise<A | undefined> =>
    asked.catch((error: unknown) => {
      if (isRefusal(error)) return undefined
      throw error
    })
  const bounds = orNone(client.readContract({ ...proxy, functionName: "aggregator" })).then((behind) => {
    const aggregator = { ...proxy, address: behind ?? proxy.address }
    return Promise.all([
      orNone(client.readContract({ ...aggregator, functionName: "minAnswer" })),
      orNone(client.readContract({ ...aggregator, functionName: "maxAnswer" }))
    ])
  })
  return Promise.all([
    client.readContract({ ...proxy, functionName: "latestRoundData" }),
    client.readContract({ ...proxy, functionName: "decimals" }),
    bounds
  ]).then(([[round, answer, , updatedAt], decimals, [minimum, maximum]]) => {
    const priceOf = (value: bigint) => Number(formatUnits(value, decimals))
    return {
      round: String(round),
      price: priceOf(answer),
      updatedAt: Number(updatedAt) * 1000,
      decimals,
      minimumAnswer: minimum === undefined ? undefined : priceOf(minimum),
      maximumAnswer: maximum === undefined ? undefined : priceOf(maximum)
    }
  })
}
