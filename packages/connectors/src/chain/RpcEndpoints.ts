/**
 * Several nodes of one chain: the one that is whole and heaviest is asked first, the next when it fails. Each has a breaker and a rate of its own.
 */
import type { ChainId } from "@evenkeel/domain/market/Venue"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { Effect, Random, Redacted, Result, Schema } from "effect"
import { ChainUnavailable, SourceUnreadable } from "./Chain.ts"

/** For texts that `URL` can read. */
export const isAddress = Schema.makeFilter((text: string) => URL.canParse(text), { expected: "an address" })

export const RpcEndpoint = Schema.Struct({
  /** `https://…`; keys in it are kept secret. */
  url: Schema.Redacted(Schema.String.check(Schema.isPattern(/^https?:\/\//), isAddress)),
  /** `wss://…`, where new heads can be subscribed to. */
  socket: Schema.optional(Schema.Redacted(Schema.String.check(Schema.isPattern(/^wss?:\/\//), isAddress))),
  /** Of two endpoints that work, one of weight 3 is asked first three times as often as one of weight 1. */
  weight: Schema.optional(Schema.Finite.check(Schema.isGreaterThan(0)))
})
export type RpcEndpoint = typeof RpcEndpoint.Type

export interface RpcEndpoints {
  /** Runs a call on one endpoint after the other until one answers. */
  readonly ask: <A>(
    call: (url: string) => Effect.Effect<A, ChainUnavailable | SourceUnreadable>,
    tokens?: number
  ) => Effect.Effect<A, ChainUnavailable | SourceUnreadable>
  /** Where heads can be subscribed to. */
  readonly socket: string | undefined
}

/** For people: the host, without the key that its path may hold. */
const hostOf = (url: string): string => new URL(url).host

export const makeRpcEndpoints = Effect.fnUntraced(function* (chain: ChainId, endpoints: ReadonlyArray<RpcEndpoint>) {
  const policies = yield* Policies
  const nodes = endpoints.map(({ url, weight }, index) => ({
    url: Redacted.value(url),
    weight: weight ?? 1,
    key: `${chain}#${index} ${hostOf(Redacted.value(url))}`
  }))

  /** By chance and weight; those whose breaker is open come last. */
  const order = Effect.gen(function* () {
    const drawn: Array<{ readonly node: (typeof nodes)[number]; readonly rank: number }> = []
    for (const node of nodes) {
      const open = (yield* policies.breaker("rpc", node.key)) === "open"
      // Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006.
      drawn.push({ node, rank: (yield* Random.next) ** (1 / node.weight) - (open ? 1 : 0) })
    }
    return drawn.sort((a, b) => b.rank - a.rank).map(({ node }) => node)
  })

  return {
    ask: Effect.fnUntraced(function* (call, tokens = 1) {
      const problems: Array<string> = []
      for (const { key, url } of yield* order) {
        // What the chain itself refuses says nothing against the endpoint.
        const answered = yield* policies
          .run(
            call(url).pipe(
              Effect.map(Result.succeed),
              Effect.catchTag("SourceUnreadable", (error) => Effect.succeed(Result.fail(error)))
            ),
            { name: "rpc", key, tokens }
          )
          .pipe(Effect.result)
        if (Result.isSuccess(answered)) return yield* Effect.fromResult(answered.success)
        problems.push(`${key}: ${answered.failure._tag === "ChainUnavailable" ? answered.failure.problem : answered.failure.message}`)
      }
      return yield* new ChainUnavailable({ chain, problem: problems.join("; ") || "no endpoint is configured" })
    }),
    socket: endpoints.flatMap(({ socket }) => (socket === undefined ? [] : [Redacted.value(socket)]))[0]
  } satisfies RpcEndpoints as RpcEndpoints
})
