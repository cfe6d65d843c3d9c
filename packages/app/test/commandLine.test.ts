/** The command line itself: what it answers to help and to mistakes. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Console, Effect } from "effect"
import { Command } from "effect/cli"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { program } from "../src/cli/Program.ts"
import { startProgram } from "./support/Program.ts"

const commands = [
  "demo",
  "live",
  "record",
  "replay",
  "evaluate",
  "train",
  "tune",
  "explain",
  "models",
  "decode",
  "journal",
  "oracle",
  "liquidations",
  "doctor",
  "audit"
]

const run = Effect.fnUntraced(function* (args: ReadonlyArray<string>, environment?: Readonly<Record<string, string>>) {
  const program = yield* startProgram(args, environment)
  return { code: yield* program.exit, output: program.output(), errors: program.errors() }
})

/** A dozen starts of the program, one after the other, on a machine that is busy. */
const startsMillis = 120_000

describe.concurrent("the command line", { timeout: startsMillis }, () => {
  it.live("answers a mistake once, with where to find help, without a stack, and exits with 2", () =>
    Effect.gen(function* () {
      const cases = [
        { args: ["nonsense"], problem: 'Unknown subcommand "nonsense"', hint: "evenkeel --help" },
        { args: ["replay"], problem: "Missing required argument: file", hint: "evenkeel replay --help" },
        { args: ["demo", "--spede", "3"], problem: "Unrecognized flag: --spede", hint: "evenkeel demo --help" },
        { args: ["demo", "--speed", "fast"], problem: '--speed: "fast"', hint: "evenkeel demo --help" },
        { args: ["models", "promote", "one"], problem: '"one"', hint: "evenkeel models promote --help" }
      ]
      for (const { args, hint, problem } of cases) {
        const { code, errors, output } = yield* run(args)
        assert.strictEqual(code, 2, args.join(" "))
        assert.strictEqual(errors.split(problem).length, 2, `${problem} once in ${errors}`)
        assert.include(errors, hint)
        assert.notMatch(errors, /\n\s+at |ShowHelp|file:\/\//)
        assert.strictEqual(output, "")
      }
    })
  )

  it.live("says in one line what cannot be done, and why", () =>
    Effect.gen(function* () {
      const directory = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "evenkeel-"))),
        (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
      )
      const file = (name: string, text: string) => {
        const path = join(directory, name)
        writeFileSync(path, text)
        return path
      }
      const chains = '[[chains]]\nchain = "ethereum"\nconfirmations = 2\nsources = []\n[[chains.endpoints]]\nurl = "https://…"\n'
      const cases = [
        { args: ["demo", "--speed", "0"], problem: "must be above 0" },
        { args: ["evaluate", "--data", join(directory, "none")], problem: "none" },
        { args: ["replay", file("kraken-USDC-USD.csv", "timestamp_ms,close\n")], problem: "holds no row" },
        { args: ["replay", file("kraken-USDT-USD.csv", "ts,close\n1700000000,1\n")], problem: "Unix milliseconds" },
        { args: ["replay", directory], problem: "is a directory: name its files" },
        { args: ["replay", join(directory, "kraken-USDC-USD.csv.gz")], problem: "there is no such file" },
        { args: ["doctor", "--config", file("chains.toml", chains)], problem: "chains.0.endpoints.0.url" },
        {
          args: ["consumers", "list"],
          problem: "the database does not answer",
          environment: { EVENKEEL_DATABASE_URL: "postgres://u:hunter2@127.0.0.1:1/db" }
        }
      ]
      for (const { args, environment, problem } of cases) {
        const { code, errors } = yield* run(args, environment)
        assert.strictEqual(code, 2, args.join(" "))
        assert.include(errors, problem)
        assert.notMatch(errors, /\n\s+at |file:\/\/|hunter2/)
      }
    }).pipe(Effect.scoped)
  )

  it.live("lists every command with --help, and when it is given nothing", () =>
    Effect.gen(function* () {
      for (const args of [["--help"], []]) {
        const { code, errors, output } = yield* run(args)
        assert.strictEqual(code, 0)
        assert.strictEqual(errors, "")
        for (const command of commands) assert.match(output, new RegExp(`\\n  ${command} `))
      }
    })
  )

  it.live("shows the flags of each command", () =>
    Effect.gen(function* () {
      for (const command of commands) {
        const lines: Array<string> = []
        const log = (line: string) => void lines.push(line)
        yield* Command.runWith(program, { version: "0" })([command, "--help"]).pipe(
          Effect.provideService(Console.Console, { ...(yield* Console.Console), log })
        )
        assert.include(lines.join("\n"), `evenkeel ${command}`)
      }
    }).pipe(Effect.provide(NodeServices.layer))
  )
})
