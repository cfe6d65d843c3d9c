/**
 * Tron through its HTTP API: TRC-20 supply and the price of energy. https://developers.tron.network/reference
 *
 * A node answers constant calls as of its head alone, so a reading is the head's though it is asked for at a block some seconds before.
 */
import { Effect, Option, Schema } from "effect"
import { HttpClient } from "effect/http"
import { type BlockRef, type Chain, ChainUnavailable, type Reading, SourceUnreadable } from "../Chain.ts"
import { sourceName } from "../ChainSource.ts"
import { postJson } from "../JsonRpc.ts"
import { makeRpcEndpoints, type RpcEndpoint } from "../RpcEndpoints.ts"

const id = "tron"
const blockMillis = 3000
const totalSupply = "totalSupply()"
/** Anyone may be the caller of a constant call. */
const caller = "410000000000000000000000000000000000000000"

export const makeTronChain = Effect.fnUntraced(function* (configured: ReadonlyArray<RpcEndpoint>) {
  const endpoints = yield* makeRpcEndpoints(id, configured)
  const client = yield* HttpClient.HttpClient
  const post = <A>(path: string, body: Schema.Json, decode: (answer: unknown) => Option.Option<A>) =>
    endpoints.ask((url) =>
      postJson(id, url.replace(/\/$/, "") + path, body, decode).pipe(Effect.provideService(HttpClient.HttpClient, client))
    )
  const unrefused = <A>(effect: Effect.Effect<A, ChainUnavailable | SourceUnreadable>): Effect.Effect<A, ChainUnavailable> =>
    Effect.mapError(effect, (error) => new ChainUnavailable({ chain: id, problem: error.problem }))

  return {
    id,
    blockMillis,
    head: unrefused(post("/wallet/getnowblock", {}, decodeBlock)),
    block: (number) =>
      unrefused(
        post("/wallet/getblockbynum", { num: number }, (answer) =>
          // Above the head the answer is an empty object.
          Option.isSome(decodeEmpty(answer)) ? Option.some(undefined) : decodeBlock(answer)
        )
      ),
    read: (source, at) => {
      const name = sourceName(source)
      switch (source._tag) {
        case "TokenSupply":
          return post(
            "/wallet/triggerconstantcontract",
            {
              owner_address: caller,
              contract_address: source.address,
              function_selector: totalSupply,
              visible: source.address.startsWith("T")
            },
            decodeConstant
          ).pipe(
            Effect.flatMap(({ constant_result: [word] }) =>
              word === undefined || !/^[0-9a-fA-F]{64}$/.test(word)
                ? Effect.fail(new SourceUnreadable({ chain: id, source: name, problem: "there is no such token" }))
                : Effect.succeed<Reading>({
                    _tag: "Supply",
                    supply: Number(BigInt(`0x${word}`)) / 10 ** source.decimals,
                    minted: Number.NaN,
                    burned: Number.NaN
                  })
            )
          )
        case "Gas":
          return post("/wallet/getenergyprices", {}, decodePrices).pipe(
            Effect.map(({ prices }): Reading => ({ _tag: "Gas", price: energyPrice(prices, at.time) }))
          )
        default:
          return Effect.fail(new SourceUnreadable({ chain: id, source: name, problem: "is not watched on this chain" }))
      }
    },
    subscribe: undefined
  } satisfies Chain as Chain
})

const Block = Schema.Struct({
  blockID: Schema.String,
  block_header: Schema.Struct({ raw_data: Schema.Struct({ number: Schema.Int, timestamp: Schema.Finite, parentHash: Schema.String }) })
})
const decodeBlock = (answer: unknown): Option.Option<BlockRef> =>
  Option.map(Schema.decodeUnknownOption(Block)(answer), ({ blockID, block_header: { raw_data } }) => ({
    number: raw_data.number,
    hash: blockID,
    parentHash: raw_data.parentHash,
    time: raw_data.timestamp
  }))
const decodeEmpty = Schema.decodeUnknownOption(Schema.Record(Schema.String, Schema.Never))
const decodeConstant = Schema.decodeUnknownOption(Schema.Struct({ constant_result: Schema.Array(Schema.String) }))
const decodePrices = Schema.decodeUnknownOption(Schema.Struct({ prices: Schema.String }))

/** `0:100,1542607200000:20,…`: since when, and how much in sun. */
const energyPrice = (prices: string, time: number): number => {
  let price = Number.NaN
  for (const entry of prices.split(",")) {
    const [since = "", value = ""] = entry.split(":")
    if (Number(since) <= time) price = Number(value)
  }
  return price
}
