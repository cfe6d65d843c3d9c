/** The pages on oracles and liquidations: what they show is what the commands print, and what they configure is understood. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Console, Effect, Option } from "effect"
import { Command } from "effect/cli"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { program } from "../src/cli/Program.ts"
import { loadConfig } from "../src/config/LoadConfig.ts"

const shared = new URL("../../../../shared/", import.meta.url).pathname
const page = (name: string) => readFileSync(new URL(`../../../docs/${name}.md`, import.meta.url), "utf8")
const blocks = (text: string, language: string) =>
  [...text.matchAll(new RegExp(`\`\`\`${language}\\n([^\`]*)\`\`\``, "g"))].map(([, block]) => block!)

/** A directory that is gone when the scope closes. */
const directoryOf = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "evenkeel-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

/** What a command prints, in this process. */
const printed = Effect.fnUntraced(function* (args: ReadonlyArray<string>) {
  const lines: Array<string> = []
  const log = (line: string) => void lines.push(line)
  yield* Command.runWith(program, { version: "0" })(args).pipe(Effect.provideService(Console.Console, { ...(yield* Console.Console), log }))
  return lines
})

/** The page's commands on recorded data, as arguments, each with what it is said to print. */
const worked = (name: string, directory: string) => {
  const text = page(name)
  const commands = blocks(text, "sh").flatMap((block) => block.split("\n").filter((line) => line.includes("../shared/")))
  const outputs = blocks(text, "text")
  assert.isNotEmpty(commands)
  assert.strictEqual(commands.length, outputs.length)
  return commands.map((command, index) => ({
    args: command
      .replace("npx pnpm evenkeel ", "")
      .split(" ")
      .map((part) => part.replace("../shared/", shared).replace(/^positions\.csv$/, join(directory, "positions.csv"))),
    output: outputs[index]!.trimEnd()
  }))
}

const writePositions = (directory: string) => writeFileSync(join(directory, "positions.csv"), blocks(page("liquidations"), "csv")[0]!)

/** Two venues on which USDC loses a cent from minute 200 to 300, and a feed that says every ten minutes what they said half an hour before. */
const writeMarket = (directory: string) => {
  const start = Date.UTC(2030, 0, 7)
  const usdc = (at: number) => 1 - Math.min(100, Math.max(0, at - 200)) * 1e-4
  const bars = Array.from({ length: 400 }, (_, at) => `${start + at * 60_000},${(usdc(at + 1) + 1e-5 * (at % 2)).toFixed(6)},1000000`)
  const dollar = bars.map((bar, at) => bar.replace(/,[^,]*,/, `,${(1 + 1e-5 * (at % 2)).toFixed(6)},`))
  const rounds = Array.from({ length: 38 }, (_, n) => `${start + (n + 1) * 600_000},${usdc(n * 10 + 10 - 30).toFixed(6)}`)
  const write = (name: string, header: string, rows: ReadonlyArray<string>) =>
    writeFileSync(join(directory, name), `${header}\n${rows.join("\n")}\n`)
  write("kraken-USDC-USD-1m.csv", "timestamp_ms,close,volume", bars)
  write("binance-USDC-USDT-1m.csv", "timestamp_ms,close,volume", bars)
  write("coinbase-USDT-USD-1m.csv", "timestamp_ms,close,volume", dollar)
  write("feed-USDC-USD.csv", "timestamp_ms,price", rounds)
  return (minutes: number) => new Date(start + minutes * 60_000).toISOString()
}

describe("the pages on oracles and liquidations", () => {
  it.live.skipIf(!existsSync(join(shared, "data")))("show what the commands print on recorded data (needs ../shared, else left out)", () =>
    Effect.gen(function* () {
      const directory = yield* directoryOf
      writePositions(directory)
      for (const { args, output } of [...worked("oracles", directory), ...worked("liquidations", directory)]) {
        const lines = yield* printed(args)
        assert.include(`${lines.join("\n")}\n`, `${output}\n`, args[0])
      }
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.effect("show a configuration that is understood", () =>
    Effect.gen(function* () {
      const directory = yield* directoryOf
      const file = join(directory, "evenkeel.toml")
      const [text = ""] = blocks(page("oracles"), "toml")
      writeFileSync(file, text.replaceAll("https://…", "https://example.org"))
      const { oracles } = yield* loadConfig(Option.some(file), {})
      assert.deepStrictEqual(
        oracles.map(({ source }) => source._tag),
        ["Chainlink", "Constant", "Http"]
      )
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.live("prove the main things on a made-up market: a feed that is half an hour behind, and who falls with the coin", () =>
    Effect.gen(function* () {
      const directory = yield* directoryOf
      const at = writeMarket(directory)
      writePositions(directory)
      const feed = join(directory, "feed-USDC-USD.csv")
      const judged = yield* printed(["oracle", "replay", "--feed", feed, "--prices", directory, "--json"])
      const { changes, lag, leadLag } = JSON.parse(judged.join("")) as {
        readonly changes: ReadonlyArray<{ readonly verdict: string }>
        readonly lag: { readonly medianMillis: number }
        readonly leadLag: { readonly lagMillis: number }
      }
      assert.deepStrictEqual([...new Set(changes.map(({ verdict }) => verdict))], ["safe", "caution"])
      // A round is ten minutes old when the next one comes.
      assert.isAtLeast(lag.medianMillis, 30 * 60_000)
      assert.isAtMost(lag.medianMillis, 40 * 60_000)
      assert.closeTo(leadLag.lagMillis, 30 * 60_000, 3 * 60_000)
      const fallen = yield* Effect.forEach([150, 320], (minutes) =>
        Effect.map(
          printed(
            `liquidations --positions ${directory}/positions.csv --price ETH=1430 --price DAI=1 --prices ${directory} --at ${at(minutes)} --json`.split(
              " "
            )
          ),
          (lines) =>
            JSON.parse(lines.join("")) as { readonly below: { readonly accounts: number }; readonly first: Array<{ account: string }> }
        )
      )
      assert.deepStrictEqual(
        fallen.map(({ below, first }) => [below.accounts, first[0]?.account]),
        [
          [0, "loop"],
          [1, "loop"]
        ]
      )
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
