/** Every chain; the compiler holds the list complete. */
import type { ChainId } from "@evenkeel/domain/market/Venue"
import type { Policies } from "@evenkeel/runtime/resilience/Policies"
import { Effect } from "effect"
import type { HttpClient } from "effect/http"
import type { Chain } from "./Chain.ts"
import type { EvmChainId } from "./evm/EvmChain.ts"
import type { RpcEndpoint } from "./RpcEndpoints.ts"
import { makeSolanaChain } from "./solana/SolanaChain.ts"
import { makeTronChain } from "./tron/TronChain.ts"

type MakeChain = (endpoints: ReadonlyArray<RpcEndpoint>) => Effect.Effect<Chain, never, Policies | HttpClient.HttpClient>

/** Loaded when such a chain is configured: viem is half of what the program would otherwise read at its start. */
const evm =
  (id: EvmChainId): MakeChain =>
  (endpoints) =>
    Effect.promise(() => import("./evm/EvmChain.ts")).pipe(Effect.flatMap(({ makeEvmChain }) => makeEvmChain(id, endpoints)))

export const chains: Record<ChainId, MakeChain> = {
  ethereum: evm("ethereum"),
  bsc: evm("bsc"),
  polygon: evm("polygon"),
  avalanche: evm("avalanche"),
  base: evm("base"),
  arbitrum: evm("arbitrum"),
  tron: makeTronChain,
  solana: makeSolanaChain
}
