/** Tron and Solana by their JSON APIs, against a node on loopback that answers in their words. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { Effect, Layer, Redacted, type Schema } from "effect"
import { createServer } from "node:http"
import { makeSolanaChain } from "../src/chain/solana/SolanaChain.ts"
import { makeTronChain } from "../src/chain/tron/TronChain.ts"

const layer = Policies.layer().pipe(Layer.provideMerge(HealthRegistry.layer), Layer.provideMerge(NodeHttpClient.layerUndici))

/** A node that answers a path and body; undefined is an error of the server's. */
const node = (answer: (path: string, body: Record<string, Schema.Json>) => Schema.Json | undefined) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly url: string; readonly close: () => void }>((resume) => {
      const server = createServer((request, response) => {
        let text = ""
        request.on("data", (chunk) => (text += String(chunk)))
        request.on("end", () => {
          const said = answer(request.url ?? "", JSON.parse(text === "" ? "{}" : text) as Record<string, Schema.Json>)
          response.writeHead(said === undefined ? 500 : 200, { "content-type": "application/json" }).end(JSON.stringify(said ?? {}))
        })
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`
        resume(Effect.succeed({ url, close: () => server.close() }))
      })
    }),
    ({ close }) => Effect.sync(close)
  )
const endpoints = ({ url }: { readonly url: string }) => [{ url: Redacted.make(url) }]

describe("TronChain", () => {
  const tronBlock = (number: number) => ({
    blockID: `00${number}`,
    block_header: { raw_data: { number, timestamp: 1_700_000_000_000 + number * 3000, parentHash: `00${number - 1}`, txTrieRoot: "0" } }
  })

  it.live("reads blocks, a token's supply and the price of energy", () =>
    Effect.gen(function* () {
      const server = yield* node((path, body) => {
        switch (path) {
          case "/wallet/getnowblock":
            return tronBlock(70)
          case "/wallet/getblockbynum":
            return Number(body["num"]) > 70 ? {} : tronBlock(Number(body["num"]))
          case "/wallet/triggerconstantcontract":
            // 2 USDT with 6 decimals, for the one token that there is.
            return body["contract_address"] === "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"
              ? { result: { result: true }, constant_result: [(2_000_000).toString(16).padStart(64, "0")] }
              : { result: { result: true, message: "0" }, constant_result: [""] }
          case "/wallet/getenergyprices":
            return { prices: "0:100,1542607200000:20,1700000300000:420" }
          default:
            return undefined
        }
      })
      const tron = yield* makeTronChain(endpoints(server))
      const head = yield* tron.head
      assert.deepInclude(head, { number: 70, hash: "0070", parentHash: "0069" })
      assert.strictEqual((yield* tron.block(69))?.hash, head.parentHash)
      assert.isUndefined(yield* tron.block(71))
      const token = { _tag: "TokenSupply", address: "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", coin: "USDT", decimals: 6 } as const
      assert.deepInclude(yield* tron.read(token, head, 70), { _tag: "Supply", supply: 2 })
      assert.strictEqual((yield* Effect.flip(tron.read({ ...token, address: "Tnone" }, head, 70)))._tag, "SourceUnreadable")
      // The newer price begins later than the block.
      assert.deepStrictEqual(yield* tron.read({ _tag: "Gas" }, head, 70), { _tag: "Gas", price: 20 })
    }).pipe(Effect.scoped, Effect.provide(layer))
  )
})

describe("SolanaChain", () => {
  it.live("reads slots past those that were skipped, a token's supply and the fees", () =>
    Effect.gen(function* () {
      let broken = false
      const server = yield* node((_, { method, params }) => {
        const [first] = params as ReadonlyArray<Schema.Json>
        const result = (value: Schema.Json) => ({ jsonrpc: "2.0", id: 1, result: value })
        const error = (code: number) => ({ jsonrpc: "2.0", id: 1, error: { code, message: "no" } })
        if (broken) return { surprise: true, result: [] }
        switch (method) {
          case "getSlot":
            return result(430)
          case "getBlock":
            return Number(first) === 430
              ? error(-32_007)
              : result({
                  blockhash: `h${Number(first)}`,
                  previousBlockhash: `h${Number(first) - 1}`,
                  blockTime: 1_700_000_000,
                  parentSlot: 1
                })
          case "getTokenSupply":
            return first === "mint"
              ? result({ context: { slot: 1 }, value: { amount: "123456789", decimals: 6, uiAmount: 123.4, uiAmountString: "123.4" } })
              : error(-32_602)
          case "getRecentPrioritizationFees":
            return result([
              { slot: 1, prioritizationFee: 0 },
              { slot: 2, prioritizationFee: 1500 }
            ])
          default:
            return undefined
        }
      })
      const solana = yield* makeSolanaChain(endpoints(server))
      const head = yield* solana.head
      assert.deepStrictEqual(head, { number: 429, hash: "h429", parentHash: "h428", time: 1_700_000_000_000 })
      const token = { _tag: "TokenSupply", address: "mint", coin: "USDC", decimals: 6 } as const
      assert.deepInclude(yield* solana.read(token, head, 1), { supply: 123.456789 })
      assert.strictEqual((yield* Effect.flip(solana.read({ ...token, address: "none" }, head, 1)))._tag, "SourceUnreadable")
      assert.deepStrictEqual(yield* solana.read({ _tag: "Gas" }, head, 1), { _tag: "Gas", price: 1500 })
      broken = true
      assert.strictEqual((yield* Effect.flip(solana.head))._tag, "ChainUnavailable")
    }).pipe(Effect.scoped, Effect.provide(layer))
  )
})
