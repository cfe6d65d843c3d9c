/** The command line itself: what it answers to help and to mistakes. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { startProgram } from "./support/Program.ts"

const commands = ["demo", "live", "record", "replay", "evaluate", "train", "explain", "models", "decode", "journal", "doctor", "audit"]

const run = Effect.fnUntraced(function* (args: ReadonlyArray<string>) {
  const program = yield* startProgram(args)
  return { code: yield* program.exit, output: program.output(), errors: program.errors() }
})

describe.concurrent("the command line", () => {
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
        const { code, output } = yield* run([command, "--help"])
        assert.strictEqual(code, 0)
        assert.include(output, `evenkeel ${command}`)
      }
    })
  )
})
