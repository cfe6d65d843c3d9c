/**
 * Where lines are written to: standard error, or a file.
 *
 * Writing happens in the operating system's threads and not in the engine's: a pipe that nobody reads, or a disk that is slow, holds up nobody. Only a
 * process that ends at once writes by itself (`writeSync`).
 */
import { Effect, Result, Schema } from "effect"
import { write, writeSync } from "node:fs"

export class LogWriteFailed extends Schema.TaggedError<LogWriteFailed>()("LogWriteFailed", { problem: Schema.String }) {
  override get message() {
    return `log lines cannot be written: ${this.problem}`
  }
}

export interface LogTarget {
  readonly write: (text: string) => Effect.Effect<void, LogWriteFailed>
  readonly writeSync: (text: string) => void
  /** Begins the file anew before the next write: something else has moved it away. */
  readonly reopen: () => void
}

/** A pipe that is full is tried again after so long. */
const tryAgain = "5 millis"
/** A process that ends at once waits so long for it, in ms. */
const syncWaitMillis = 200

/** All of it to a descriptor, however many writes it takes. */
export const writeAll = (descriptor: number, bytes: Uint8Array): Effect.Effect<void, LogWriteFailed> => {
  if (bytes.length === 0) return Effect.void
  return Effect.callback<number, NodeJS.ErrnoException>((resume) => {
    write(descriptor, bytes, (error, written) => resume(error === null ? Effect.succeed(written) : Effect.fail(error)))
  }).pipe(
    Effect.catchIf(
      ({ code }) => code === "EAGAIN",
      () => Effect.as(Effect.sleep(tryAgain), 0)
    ),
    Effect.mapError(({ message }) => new LogWriteFailed({ problem: message })),
    Effect.flatMap((written) => writeAll(descriptor, bytes.subarray(written)))
  )
}

/** The same at once; what cannot be written by then is lost. */
export const writeAllSync = (descriptor: number, bytes: Uint8Array): void => {
  const nothing = new Int32Array(new SharedArrayBuffer(4))
  let [rest, waits] = [bytes, 0]
  while (rest.length > 0) {
    const result = Result.try(() => writeSync(descriptor, rest))
    if (Result.isSuccess(result)) rest = rest.subarray(result.success)
    else if ((result.failure as NodeJS.ErrnoException).code === "EAGAIN" && waits++ < syncWaitMillis) Atomics.wait(nothing, 0, 0, 1)
    else return
  }
}

/** A pipe does not block once Node has a stream of it. One that did would hold a thread, and with it the process's end, while nobody reads. */
const errorDescriptor = (): number => process.stderr.fd ?? 2

export const standardError: LogTarget = {
  write: (text) => writeAll(errorDescriptor(), Buffer.from(text)),
  writeSync: (text) => writeAllSync(errorDescriptor(), Buffer.from(text)),
  reopen: () => {}
}
