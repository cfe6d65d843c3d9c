import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { layerRuntime } from "@evenkeel/runtime/Runtime"
import { Effect, Layer, Redacted, Result } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { decodeFunctionData, encodeFunctionResult, type Hex, parseAbi } from "viem"
import type { OracleFeed, OracleSource } from "./OracleFeed.ts"
import { makeFeedReader, roundOfJson, termsOf } from "./ReadFeed.ts"

const now = 1_700_000_000_000
const layer = Layer.mergeAll(layerRuntime, NodeHttpClient.layerUndici, NodeServices.layer)
const feedOf = (source: OracleSource): OracleFeed => ({ name: "usdc", coin: "USDC", source })

/** A server on loopback that answers every request with what `answer` says. */
const serving = (answer: (body: string) => { readonly status?: number; readonly text: string }) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly address: string; readonly close: () => void }>((resume) => {
      const server = createServer((request, response) => {
        const chunks: Array<Buffer> = []
        request
          .on("data", (chunk: Buffer) => chunks.push(chunk))
          .on("end", () => {
            const { status, text } = answer(Buffer.concat(chunks).toString())
            response.writeHead(status ?? 200, { "content-type": "application/json" }).end(text)
          })
      }).listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        resume(Effect.succeed({ address: `http://127.0.0.1:${port}/secret-key`, close: () => server.close() }))
      })
    }),
    ({ close }) => Effect.sync(close)
  )

const read = (source: OracleSource, endpoint?: string) =>
  Effect.flatMap(
    makeFeedReader(
      feedOf(source),
      () => (endpoint === undefined ? [] : [{ url: Redacted.make(endpoint) }]),
      () => now
    ),
    (reader) => reader
  )

describe("roundOfJson", () => {
  it("finds a price and a time where they stand, as numbers or text, in seconds, milliseconds or ISO 8601", () => {
    const round = (text: string, time?: string) => Result.getOrThrow(roundOfJson(text, "data.0.price", time, now))
    assert.deepStrictEqual(round('{"data":[{"price":"0.999"}]}'), { id: undefined, price: 0.999, updatedAt: now })
    for (const time of ["1690000000", "1690000000000", '"1690000000"', '"2023-07-22T04:26:40Z"'])
      assert.strictEqual(round(`{"data":[{"price":1,"at":${time}}]}`, "data.0.at").updatedAt, 1_690_000_000_000)
  })

  it("says what a document lacks", () => {
    const problem = (text: string, time?: string) => Result.getOrThrow(Result.flip(roundOfJson(text, "price", time, now)))
    assert.include(problem("<html>"), "not JSON")
    for (const text of ["null", "[]", "{}", '{"price":null}', '{"price":"1,0"}', '{"price":""}', '{"__proto__":{"price":1}}'])
      assert.include(problem(text), "no number at price", text)
    assert.include(problem('{"price":1,"at":"soon"}', "at"), "no time at at")
  })
})

describe("makeFeedReader", () => {
  it.live("reads a JSON document, and shows no more of its address than its host", () =>
    Effect.gen(function* () {
      const { address } = yield* serving(() => ({ text: '{"price":0.9987}' }))
      const { round } = yield* read({ _tag: "Http", url: Redacted.make(address), price: "price" })
      assert.deepStrictEqual(round, { id: undefined, price: 0.9987, updatedAt: now })
      for (const answer of [{ status: 503, text: "" }, { text: "{" }, { text: `"${"x".repeat(1 << 20)}"` }]) {
        const { address: other } = yield* serving(() => answer)
        const { message } = yield* Effect.flip(read({ _tag: "Http", url: Redacted.make(other), price: "price" }))
        assert.notInclude(message, "secret-key")
      }
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.live("reads an aggregator whole: round, decimals, and the bounds of the contract behind the proxy", () =>
    Effect.gen(function* () {
      const abi = parseAbi([
        "function latestRoundData() view returns (uint80, int256, uint256, uint256, uint80)",
        "function decimals() view returns (uint8)",
        "function aggregator() view returns (address)",
        "function minAnswer() view returns (int192)",
        "function maxAnswer() view returns (int192)"
      ])
      const proxy = "0x1111111111111111111111111111111111111111"
      const behind = "0x2222222222222222222222222222222222222222"
      interface Call {
        readonly id: number
        readonly params: readonly [{ readonly to: string; readonly data: Hex }]
      }
      const answerTo = ({ id, params: [{ data, to }] }: Call) => {
        const { functionName } = decodeFunctionData({ abi, data })
        const result = (): Hex | undefined => {
          if (functionName === "latestRoundData")
            return encodeFunctionResult({ abi, functionName, result: [(1n << 64n) + 5n, -12n, 0n, 1_690_000_000n, 5n] })
          if (functionName === "decimals") return encodeFunctionResult({ abi, functionName, result: 8 })
          if (functionName === "aggregator") return encodeFunctionResult({ abi, functionName, result: behind })
          if (functionName === "minAnswer" && to === behind) return encodeFunctionResult({ abi, functionName, result: 1_000_000n })
          return undefined
        }
        const found = result()
        return found === undefined
          ? { jsonrpc: "2.0", id, error: { code: 3, message: "execution reverted", data: "0x" } }
          : { jsonrpc: "2.0", id, result: found }
      }
      const { address } = yield* serving((body) => {
        const asked = JSON.parse(body) as Call | ReadonlyArray<Call>
        return { text: JSON.stringify("id" in asked ? answerTo(asked) : asked.map(answerTo)) }
      })
      const source: OracleSource = { _tag: "Chainlink", chain: "ethereum", address: proxy, decimals: 8 }
      assert.deepStrictEqual(yield* read(source, address), {
        round: { id: "18446744073709551621", price: -1.2e-7, updatedAt: 1_690_000_000_000, decimals: 8 },
        minimumAnswer: 0.01,
        maximumAnswer: undefined
      })
      assert.include((yield* Effect.flip(read(source))).message, "no endpoint is configured")
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("takes a constant as always new, and of a file the last round that is there by now", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* read({ _tag: "Constant", price: 1 })).round.updatedAt, now)
      const directory = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "evenkeel-"))),
        (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true }))
      )
      const file = join(directory, "rounds.csv")
      writeFileSync(file, `ts,price\n${now - 2},0.99\n${now},0.98\n${now + 1},0.97\n`)
      assert.strictEqual((yield* read({ _tag: "RoundFile", file })).round.price, 0.98)
      writeFileSync(file, `ts,price\n${now + 1},0.97\n`)
      assert.include((yield* Effect.flip(read({ _tag: "RoundFile", file }))).message, "no round yet")
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it("takes a day and 25 bps where nothing is said of a feed's promise", () => {
    const terms = termsOf(feedOf({ _tag: "Constant", price: 1 }))
    assert.deepStrictEqual([terms.heartbeatSeconds, terms.deviationBps], [86_400, 25])
  })
})
