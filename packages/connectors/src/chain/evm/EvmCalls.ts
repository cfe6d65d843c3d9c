/** Calls of a chain's nodes through viem: one client for each endpoint, and what a contract refuses told from what a node fails at. */
import type { ChainId } from "@evenkeel/domain/market/Venue"
import { Effect } from "effect"
import { BaseError, ContractFunctionRevertedError, ContractFunctionZeroDataError, createPublicClient, http, type PublicClient } from "viem"
import { ChainUnavailable, SourceUnreadable } from "../Chain.ts"
import { answerBytesMax } from "../JsonRpc.ts"
import { makeRpcEndpoints, type RpcEndpoint } from "../RpcEndpoints.ts"

/** What a contract answers by refusing, and no fault of its node. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof BaseError &&
  error.walk((cause) => cause instanceof ContractFunctionRevertedError || cause instanceof ContractFunctionZeroDataError) !== null

export const problemOf = (error: unknown): string => (error instanceof BaseError ? error.shortMessage : String(error))

export const makeEvmCalls = Effect.fnUntraced(function* (chain: ChainId, configured: ReadonlyArray<RpcEndpoint>) {
  const endpoints = yield* makeRpcEndpoints(chain, configured)
  const clients = new Map<string, PublicClient>()
  const clientOf = (url: string): PublicClient => {
    const known = clients.get(url)
    if (known !== undefined) return known
    // Retries, timeouts and failover are the policies'.
    const client = createPublicClient({
      transport: http(url, { retryCount: 0, batch: true, maxResponseBodySize: answerBytesMax }),
      cacheTime: 0
    })
    clients.set(url, client)
    return client
  }
  return {
    /** Where heads can be subscribed to. */
    socket: endpoints.socket,
    /** `source`: whose reading a refusal is. `tokens`: what the call takes of the endpoint's rate; 1 when left out. */
    ask: <A>(source: string, call: (client: PublicClient) => Promise<A>, tokens?: number) =>
      endpoints.ask(
        (url) =>
          Effect.tryPromise({
            try: () => call(clientOf(url)),
            catch: (error) =>
              isRefusal(error)
                ? new SourceUnreadable({ chain, source, problem: problemOf(error) })
                : new ChainUnavailable({ chain, problem: problemOf(error) })
          }),
        tokens
      )
  }
})
