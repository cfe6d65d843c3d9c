/** `evenkeel status`, `top`, `profile` and `heap`: asks the engine that runs how it is. */
import type { profiledThreads } from "@evenkeel/api/contract/group/Status"
import { Console, Effect, FileSystem, Option, Queue } from "effect"
import type { EngineConfig } from "../config/EngineConfig.ts"
import { type Key, openKeys } from "../screen/Keys.ts"
import { renderStatus, type StatusOptions } from "../screen/StatusScreen.ts"
import { ask, NotDone } from "./AskEngine.ts"

/** Text that is piped may be as long and as wide as it is. */
const plain: StatusOptions = { columns: 200, rows: 1000, colors: false, period: "recent", from: 0 }
const refreshEvery = "1 second"

const statusOf = (config: EngineConfig) => ask(config, ({ status }) => status.get({ query: {} }))

export const runStatus = Effect.fn("runStatus")(function* (config: EngineConfig, json: boolean) {
  const view = yield* statusOf(config)
  const { columns, isTTY } = process.stdout
  const size = isTTY ? { ...plain, columns: columns || 80 } : plain
  yield* Console.log(json ? JSON.stringify(view, undefined, 2) : renderStatus(view, size).join("\n"))
})

interface Shown {
  readonly period: StatusOptions["period"]
  readonly from: number
}

/** Up and down step through the components, left and right change the period. */
export const afterKey = ({ from, period }: Shown, key: Key, components: number): Shown => ({
  from: Math.max(0, Math.min(components - 1, from + (key === "down" ? 1 : key === "up" ? -1 : 0))),
  period: key === "left" ? "recent" : key === "right" ? "whole" : period
})

/** Redrawn each second until `q`; where the output is no terminal, one status as text. */
export const runTop = Effect.fn("runTop")(function* (config: EngineConfig) {
  const { stdin, stdout } = process
  if (!stdout.isTTY || !stdin.isTTY) return yield* runStatus(config, false)
  yield* Effect.gen(function* () {
    let view = yield* statusOf(config)
    yield* Effect.acquireRelease(
      Effect.sync(() => stdout.write("\u001b[?1049h\u001b[?25l")),
      () => Effect.sync(() => stdout.write("\u001b[?25h\u001b[?1049l"))
    )
    const keys = yield* openKeys(stdin)
    let shown: Shown = { period: "recent", from: 0 }
    let problem = ""
    for (;;) {
      // The last row is for the keys.
      const rows = (stdout.rows || 24) - 1
      const columns = stdout.columns || 80
      const lines = renderStatus(view, { ...shown, rows, columns, colors: true })
      const foot = problem === "" ? "q quit   ↑ ↓ components   ← last minute   → since the start" : problem
      stdout.write(
        `\u001b[H${lines.map((line) => `${line}\u001b[K`).join("\r\n")}\u001b[J\u001b[${rows + 1};1H\u001b[2m${foot.slice(0, columns)}\u001b[0m\u001b[K`
      )
      const key = yield* Effect.timeoutOption(Queue.take(keys), refreshEvery)
      if (Option.isSome(key)) {
        if (key.value === "quit") return
        shown = afterKey(shown, key.value, view.components.length)
        continue
      }
      problem = yield* statusOf(config).pipe(
        Effect.map((fresh) => {
          view = fresh
          return ""
        }),
        // An engine that restarts comes back: what was seen last stays on the screen.
        Effect.catchTag("NotDone", (error) => Effect.succeed(error.message))
      )
    }
  }).pipe(Effect.scoped)
})

/** Moves what the engine wrote to where it is wanted; a file that is there is not written over. */
const fetchTo = Effect.fnUntraced(function* (path: string, out: string) {
  const files = yield* FileSystem.FileSystem
  const failed = (error: { readonly message: string }) =>
    new NotDone({ problem: `it is in ${path} and cannot be moved to ${out}: ${error.message}` })
  if (yield* Effect.mapError(files.exists(out), failed)) return yield* failed({ message: "there is a file of that name" })
  yield* Effect.mapError(files.copyFile(path, out), failed)
  yield* Effect.mapError(files.chmod(out, 0o600), failed)
  yield* Effect.mapError(files.remove(path), failed)
})

export const runProfile = Effect.fn("runProfile")(function* (
  config: EngineConfig,
  { out, ...payload }: { readonly seconds: number; readonly thread: (typeof profiledThreads)[number]; readonly out: string }
) {
  const { bytes, path } = yield* ask(config, ({ status }) => status.profile({ payload }))
  yield* fetchTo(path, out)
  yield* Console.log(
    `${out}: ${bytes} bytes, ${payload.seconds} s of ${payload.thread}; open it in the developer tools of Chromium or VS Code`
  )
})

export const runHeap = Effect.fn("runHeap")(function* (config: EngineConfig, out: string) {
  const { bytes, path } = yield* ask(config, ({ status }) => status.heap({ payload: {} }))
  yield* fetchTo(path, out)
  yield* Console.log(`${out}: ${bytes} bytes; it holds the engine's memory, secrets too`)
})
