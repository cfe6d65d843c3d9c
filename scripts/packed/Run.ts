/** Runs commands as a user outside the repository does. */
import { spawnSync } from "node:child_process"
import { basename, delimiter, dirname } from "node:path"

/** One command's time, ms: an installation over a slow line takes the longest. */
const timeout = 150_000

/** The environment without the repository's commands, and without what its package manager and the program's own settings add. */
export const userEnvironment = (own: Readonly<Record<string, string>>): NodeJS.ProcessEnv => {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(EVENKEEL_|OTEL_|NODE_PATH$|npm_(command|execpath|lifecycle|node_execpath|package))/.test(name)
  )
  const isRepository = (path: string) => basename(path) === ".bin" && basename(dirname(path)) === "node_modules"
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((entry) => !isRepository(entry))
  return { ...Object.fromEntries(inherited), PATH: path.join(delimiter), ...own }
}

/** What the command said on both outputs; throws where it does not end with 0. */
export const runIn = (folder: string, environment: NodeJS.ProcessEnv, command: string, args: ReadonlyArray<string>): string => {
  const { error, signal, status, stderr, stdout } = spawnSync(command, args, {
    cwd: folder,
    env: environment,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    timeout
  })
  const said = `${stdout ?? ""}${stderr ?? ""}`
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${error?.message ?? signal ?? status}:\n${said}`)
  return said
}
