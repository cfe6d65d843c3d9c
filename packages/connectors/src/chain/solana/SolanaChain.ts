/**
 * Solana through its JSON-RPC: SPL supply and prioritisation fees, at confirmed slots. https://solana.com/docs/rpc
 *
 * A slot may have no block; it is passed over. A node answers supplies as of its head alone.
 */
import { Effect, Option, Schema } from "effect"
import { HttpClient } from "effect/http"
import { openSocket } from "../../transport/Socket.ts"
import { type BlockRef, type Chain, ChainUnavailable, type Reading, SourceUnreadable } from "../Chain.ts"
import { sourceName } from "../ChainSource.ts"
import { postJson } from "../JsonRpc.ts"
import { makeRpcEndpoints, type RpcEndpoint } from "../RpcEndpoints.ts"

const id = "solana"
const blockMillis = 400
const confirmed = { commitment: "confirmed" } as const
const blockOptions = { ...confirmed, transactionDetails: "none", rewards: false, maxSupportedTransactionVersion: 0 } as const
/** The slot was skipped, or its block is not there yet. */
const noBlockCodes = [-32_004, -32_007, -32_009]
const invalidParams = -32_602

export const makeSolanaChain = Effect.fnUntraced(function* (configured: ReadonlyArray<RpcEndpoint>) {
  const endpoints = yield* makeRpcEndpoints(id, configured)
  const client = yield* HttpClient.HttpClient

  /** The result; undefined where `absent` error codes say that there is none. */
  const call = <A>(
    method: string,
    params: ReadonlyArray<Schema.Json>,
    decode: (result: unknown) => Option.Option<A>,
    absent: ReadonlyArray<number>
  ) =>
    endpoints.ask((url) =>
      postJson(id, url, { jsonrpc: "2.0", id: 1, method, params }, decodeAnswer).pipe(
        Effect.flatMap(({ error, result }): Effect.Effect<A | undefined, ChainUnavailable> => {
          if (error !== undefined)
            return absent.includes(error.code)
              ? Effect.succeed(undefined)
              : Effect.fail(new ChainUnavailable({ chain: id, problem: `${method}: ${error.message}` }))
          return Option.match(decode(result), {
            onNone: () => Effect.fail(new ChainUnavailable({ chain: id, problem: `${method}: a result in an unknown form` })),
            onSome: Effect.succeed
          })
        }),
        Effect.provideService(HttpClient.HttpClient, client)
      )
    )
  const unrefused = <A>(effect: Effect.Effect<A, ChainUnavailable | SourceUnreadable>): Effect.Effect<A, ChainUnavailable> =>
    Effect.mapError(effect, (error) => new ChainUnavailable({ chain: id, problem: error.problem }))

  const block = (number: number) =>
    unrefused(call("getBlock", [number, blockOptions], decodeBlock, noBlockCodes)).pipe(
      Effect.map((found): BlockRef | undefined =>
        found === undefined || found === null
          ? undefined
          : { number, hash: found.blockhash, parentHash: found.previousBlockhash, time: (found.blockTime ?? Number.NaN) * 1000 }
      )
    )
  /** The newest slot that has a block. */
  const head = Effect.gen(function* () {
    const slot = yield* unrefused(call("getSlot", [confirmed], decodeSlot, []))
    for (let number = slot ?? 0, tries = 0; tries < slotsBack; number--, tries++) {
      const found = yield* block(number)
      if (found !== undefined) return found
    }
    return yield* new ChainUnavailable({ chain: id, problem: `no block in the ${slotsBack} slots up to ${slot}` })
  })

  const { socket } = endpoints
  return {
    id,
    blockMillis,
    head,
    block,
    read: (source) => {
      const name = sourceName(source)
      switch (source._tag) {
        case "TokenSupply":
          return call("getTokenSupply", [source.address, confirmed], decodeSupply, [invalidParams]).pipe(
            Effect.flatMap((found) =>
              found === undefined
                ? Effect.fail(new SourceUnreadable({ chain: id, source: name, problem: "there is no such token" }))
                : Effect.succeed<Reading>({
                    _tag: "Supply",
                    supply: Number(found.value.amount) / 10 ** found.value.decimals,
                    minted: Number.NaN,
                    burned: Number.NaN
                  })
            )
          )
        case "Gas":
          return call("getRecentPrioritizationFees", [[]], decodeFees, []).pipe(
            Effect.map((fees): Reading => ({ _tag: "Gas", price: fees?.at(-1)?.prioritizationFee ?? 0 }))
          )
        default:
          return Effect.fail(new SourceUnreadable({ chain: id, source: name, problem: "is not watched on this chain" }))
      }
    },
    subscribe:
      socket === undefined
        ? undefined
        : (wake) =>
            Effect.gen(function* () {
              const opened = yield* openSocket(socket, wake, () => {})
              yield* opened.send(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "slotSubscribe" }))
              return yield* opened.closed
            }).pipe(Effect.mapError((error) => new ChainUnavailable({ chain: id, problem: error.message })))
  } satisfies Chain as Chain
})

/** Skipped slots in a row are rarely more than a few. */
const slotsBack = 16
const decodeAnswer = Schema.decodeUnknownOption(
  Schema.Struct({
    result: Schema.optional(Schema.Unknown),
    error: Schema.optional(Schema.Struct({ code: Schema.Int, message: Schema.String }))
  })
)
const decodeSlot = Schema.decodeUnknownOption(Schema.Int)
const decodeBlock = Schema.decodeUnknownOption(
  Schema.NullOr(Schema.Struct({ blockhash: Schema.String, previousBlockhash: Schema.String, blockTime: Schema.NullishOr(Schema.Finite) }))
)
const decodeSupply = Schema.decodeUnknownOption(
  Schema.Struct({ value: Schema.Struct({ amount: Schema.String.check(Schema.isPattern(/^\d+$/)), decimals: Schema.Int }) })
)
const decodeFees = Schema.decodeUnknownOption(Schema.Array(Schema.Struct({ slot: Schema.Int, prioritizationFee: Schema.Finite })))
