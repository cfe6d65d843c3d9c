/** Every chain; the compiler holds the list complete. */
import type { ChainId } from "@evenkeel/domain/market/Venue"
import type { Policies } from "@evenkeel/runtime/resilience/Policies"
import type { Effect } from "effect"
import type { HttpClient } from "effect/http"
import type { Chain } from "./Chain.ts"
import { makeEvmChain } from "./evm/EvmChain.ts"
import type { RpcEndpoint } from "./RpcEndpoints.ts"
import { makeSolanaChain } from "./solana/SolanaChain.ts"
import { makeTronChain } from "./tron/TronChain.ts"

type MakeChain = (endpoints: ReadonlyArray<RpcEndpoint>) => Effect.Effect<Chain, never, Policies | HttpClient.HttpClient>

export const chains: Record<ChainId, MakeChain> = {
  ethereum: (endpoints) => makeEvmChain("ethereum", endpoints),
  bsc: (endpoints) => makeEvmChain("bsc", endpoints),
  polygon: (endpoints) => makeEvmChain("polygon", endpoints),
  avalanche: (endpoints) => makeEvmChain("avalanche", endpoints),
  base: (endpoints) => makeEvmChain("base", endpoints),
  arbitrum: (endpoints) => makeEvmChain("arbitrum", endpoints),
  tron: makeTronChain,
  solana: makeSolanaChain
}
