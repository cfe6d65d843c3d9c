/** A real Ethereum node for tests, and the contracts on it: `anvil` and `solc` as npm brings them. */
import { Effect, Schema, type Scope } from "effect"
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { type Abi, createTestClient, type Hex, http, publicActions, walletActions } from "viem"
import { privateKeyToAccount } from "viem/accounts"

const require = createRequire(import.meta.url)
/** Anvil's first account, whose key is public. */
const account = privateKeyToAccount("0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")

export class AnvilUnavailable extends Schema.TaggedError<AnvilUnavailable>()("AnvilUnavailable", { problem: Schema.String }) {}

/** Starts a node on a port of its own for the caller's scope: its URL. */
export const startAnvil: Effect.Effect<string, AnvilUnavailable, Scope.Scope> = Effect.gen(function* () {
  const entry = require.resolve("@foundry-rs/anvil/bin.mjs")
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(process.execPath, [entry, "--port", "0", "--order", "fifo"], { stdio: ["ignore", "pipe", "pipe"] })),
    (running) => Effect.sync(() => running.kill("SIGTERM"))
  )
  return yield* Effect.callback<string, AnvilUnavailable>((resume) => {
    let said = ""
    const listen = (chunk: Buffer) => {
      said += chunk.toString()
      const port = /Listening on 127\.0\.0\.1:(\d+)/.exec(said)?.[1]
      if (port !== undefined) resume(Effect.succeed(`http://127.0.0.1:${port}`))
    }
    child.stdout.on("data", listen)
    child.stderr.on("data", listen)
    child.once("exit", (code) => resume(new AnvilUnavailable({ problem: `anvil ended with ${code}: ${said}` })))
  })
})

interface Compiled {
  readonly abi: Abi
  readonly evm: { readonly bytecode: { readonly object: string } }
}

/** The contracts of `Watched.sol`, by name. */
export const compileContracts = (): Readonly<Record<string, Compiled>> => {
  const solc = require("solc") as { readonly compile: (input: string) => string }
  const source = readFileSync(new URL("../contracts/Watched.sol", import.meta.url), "utf8")
  const output = JSON.parse(
    solc.compile(
      JSON.stringify({
        language: "Solidity",
        sources: { "Watched.sol": { content: source } },
        settings: { optimizer: { enabled: true, runs: 200 }, outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } } }
      })
    )
  ) as {
    readonly errors?: ReadonlyArray<{ readonly severity: string; readonly formattedMessage: string }>
    readonly contracts: Readonly<Record<string, Readonly<Record<string, Compiled>>>>
  }
  const problems = output.errors?.filter(({ severity }) => severity === "error") ?? []
  if (problems.length > 0) throw new Error(problems.map(({ formattedMessage }) => formattedMessage).join("\n"))
  return output.contracts["Watched.sol"]!
}

/** Speaks to the node as its owner: deploys, calls, mines, reorganises. */
export const makeOwner = (url: string) => {
  const client = createTestClient({ mode: "anvil", account, transport: http(url) })
    .extend(publicActions)
    .extend(walletActions)
  const chain = null
  const deploy = async ({ abi, evm }: Compiled, args: ReadonlyArray<unknown> = []) => {
    const hash = await client.deployContract({ abi, bytecode: `0x${evm.bytecode.object}`, args: [...args], account, chain })
    const { contractAddress } = await client.waitForTransactionReceipt({ hash, pollingInterval: 20 })
    const address = contractAddress as Hex
    return {
      address,
      send: async (functionName: string, sent: ReadonlyArray<unknown>) => {
        // An estimate is made for the present second: contracts that write their time may need more gas in the next one.
        const sentHash = await client.writeContract({ address, abi, functionName, args: [...sent], account, chain, gas: 1_000_000n })
        const { blockNumber, status } = await client.waitForTransactionReceipt({ hash: sentHash, pollingInterval: 20 })
        if (status !== "success") throw new AnvilUnavailable({ problem: `${functionName} was reverted` })
        // A node may know a receipt a moment before it calls its block the latest.
        while ((await client.getBlock({ blockTag: "latest" })).number! < blockNumber);
      },
      read: (functionName: string, asked: ReadonlyArray<unknown>) => client.readContract({ address, abi, functionName, args: [...asked] })
    }
  }
  return { client, account, deploy }
}
