/** `pnpm check`: types, Effect's own diagnostics, lint and format, one after the other; all run, and the first that fails decides. */
import { spawnSync } from "node:child_process"

const checks: ReadonlyArray<readonly [name: string, command: string, ...args: ReadonlyArray<string>]> = [
  ["types", "tsc", "--noEmit"],
  ["effect", "effect-tsgo", "diagnostics", "--project", "tsconfig.json"],
  ["lint", "oxlint", "--deny-warnings", "--ignore-pattern", "**/assembly/**"],
  ["format", "oxfmt", "--check"]
]

const failed = checks.filter(([name, command, ...args]) => {
  process.stdout.write(`— ${name}\n`)
  return spawnSync(command, args, { stdio: "inherit", shell: false }).status !== 0
})
process.stdout.write(failed.length === 0 ? "all checks hold\n" : `failed: ${failed.map(([name]) => name).join(", ")}\n`)
process.exit(failed.length === 0 ? 0 : 1)
