/**
 * Writes lines to a target, one batch after the other, while whoever logs goes on at once.
 *
 * What waits is bounded; beyond it lines are given up, lowest level first, counted, and said in the log itself. At a normal end nothing is lost; a
 * process that crashes or is left writes what waits by itself, and may repeat the batch that was under way. Only a kill (SIGKILL) loses what waits.
 */
import { Effect, Fiber, Queue } from "effect"
import { waitAtMost } from "../supervision/WaitAtMost.ts"
import { LogBuffer } from "./LogBuffer.ts"
import type { LogTarget } from "./LogTarget.ts"

/** Lines that wait. */
const waitingMax = 8192
/** Lines that are written at once. */
const batchMax = 512
/** A target that takes nothing at the end is given so long. */
const endsWithin = "2 seconds"

export interface LogWriterOptions {
  readonly waitingMax?: number
  /** The line that says that others are missing, and why. */
  readonly missing: (lines: number, problem: string | undefined) => string
  /** Told of each loss. */
  readonly onLost: (lines: number, problem: string | undefined) => void
}

export interface LogWriter {
  readonly push: (severity: number, line: string) => void
  readonly reopen: () => void
}

export const makeLogWriter = Effect.fnUntraced(function* (target: LogTarget, options: LogWriterOptions) {
  const buffer = new LogBuffer(options.waitingMax ?? waitingMax)
  const wake = yield* Queue.sliding<"look", "end">(1)
  let underWay = ""
  /** Lines that the target did not take, which is said once it does. */
  let lost = 0
  let problem: string | undefined

  /** The next lines, with a line that says how many are missing before them. */
  const nextBatch = () => {
    const dropped = buffer.takeDropped()
    if (dropped > 0) options.onLost(dropped, undefined)
    const missing = lost + dropped
    const lines = buffer.take(batchMax)
    lost = lines.length === 0 ? missing : 0
    const said = missing > 0 && lines.length > 0 ? [options.missing(missing, problem)] : []
    return { text: lines.length === 0 ? "" : [...said, ...lines, ""].join("\n"), lines: lines.length, missing }
  }
  const writeWaiting = Effect.gen(function* () {
    do {
      const { lines, missing, text } = nextBatch()
      underWay = text
      const failed = yield* Effect.match(target.write(text), { onFailure: (error) => error.problem, onSuccess: () => undefined })
      underWay = ""
      problem = failed
      if (failed === undefined || lines === 0) continue
      lost = missing + lines
      options.onLost(lines, failed)
    } while (buffer.size > 0)
  })
  const fiber = yield* Queue.take(wake).pipe(
    Effect.andThen(writeWaiting),
    Effect.forever,
    Effect.catch(() => writeWaiting),
    Effect.forkScoped
  )
  const writeNow = () => {
    const rest: Array<string> = [underWay]
    underWay = ""
    while (buffer.size > 0) rest.push(nextBatch().text)
    target.writeSync(rest.join(""))
  }
  yield* Effect.acquireRelease(
    Effect.sync(() => process.on("exit", writeNow)),
    () => Effect.sync(() => process.off("exit", writeNow))
  )
  // Runs before the loop is interrupted.
  yield* Effect.addFinalizer(() => Queue.fail(wake, "end").pipe(Effect.andThen(Fiber.await(fiber)), waitAtMost(endsWithin)))
  return {
    push: (severity, line) => {
      buffer.push(severity, line)
      Queue.offerUnsafe(wake, "look")
    },
    reopen: () => {
      target.reopen()
      Queue.offerUnsafe(wake, "look")
    }
  } satisfies LogWriter
})
