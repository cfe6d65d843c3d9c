/**
 * The embedded database: PGlite on disk, in a worker thread, spoken to by the same driver as Postgres.
 *
 * The driver is given a stream whose other end is the worker, so SQL, migrations, codecs and errors are one with production. A
 * lock file keeps a second process from opening the same directory, which PGlite itself would not notice.
 */
import { PgClient } from "@effect/sql-pg"
import { Effect, FileSystem, Layer, Schema } from "effect"
import { Duplex } from "node:stream"
import { Worker } from "node:worker_threads"

/** Another process has the directory open. */
export class DatabaseLocked extends Schema.TaggedError<DatabaseLocked>()("DatabaseLocked", {
  directory: Schema.String,
  processId: Schema.Int
}) {
  override get message() {
    return `${this.directory} is in use by process ${this.processId}; stop it, or choose another directory`
  }
}

/** The directory cannot be opened as a database. */
export class DatabaseUnopened extends Schema.TaggedError<DatabaseUnopened>()("DatabaseUnopened", {
  directory: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `${this.directory} cannot be opened as a database: ${this.problem}`
  }
}

/** `directory` is created when it is missing; `memory://` keeps everything in memory. */
export const layerEmbedded = (directory: string) =>
  Layer.unwrap(
    Effect.gen(function* () {
      if (!directory.startsWith("memory://")) yield* lock(directory)
      // Creating a database takes three times the memory of using one: it is done in a thread of its own, which gives it back.
      const fresh = !directory.startsWith("memory://") && !(yield* initialised(directory))
      if (fresh) yield* Effect.flatMap(open(directory), close)
      const worker = yield* Effect.acquireRelease(open(directory), close)
      return PgClient.layer({
        stream: () => connect(worker),
        ssl: false,
        username: "postgres",
        database: "postgres",
        // One session: PGlite has no more.
        maxConnections: 1,
        minConnections: 1
      })
    })
  )

const lock = Effect.fnUntraced(function* (directory: string) {
  const files = yield* FileSystem.FileSystem
  const path = `${directory}.lock`
  const unopened = (error: { readonly message: string }) => new DatabaseUnopened({ directory, problem: error.message })
  yield* files.makeDirectory(directory, { recursive: true }).pipe(Effect.mapError(unopened))
  const holder = Number(yield* files.readFileString(path).pipe(Effect.orElseSucceed(() => "")))
  if (holder > 0 && holder !== process.pid && alive(holder)) return yield* new DatabaseLocked({ directory, processId: holder })
  yield* Effect.acquireRelease(files.writeFileString(path, String(process.pid)).pipe(Effect.mapError(unopened)), () =>
    Effect.ignore(files.remove(path))
  )
})

const initialised = (directory: string) =>
  Effect.flatMap(FileSystem.FileSystem, (files) => Effect.orElseSucceed(files.exists(`${directory}/PG_VERSION`), () => false))

const alive = (processId: number): boolean => {
  const found = Effect.runSyncExit(Effect.try(() => process.kill(processId, 0)))
  return found._tag === "Success"
}

const open = (directory: string) =>
  Effect.callback<Worker, DatabaseUnopened>((resume) => {
    const worker = new Worker(new URL(import.meta.resolve("@evenkeel/store/database/pglite.worker")), { workerData: { directory } })
    const failed = (problem: string) => resume(Effect.fail(new DatabaseUnopened({ directory, problem })))
    worker.once("message", (message: "ready" | { readonly failed: string }) =>
      message === "ready" ? resume(Effect.succeed(worker)) : failed(message.failed)
    )
    worker.once("error", (error) => failed(String(error)))
    return Effect.promise(() => worker.terminate())
  })

const close = (worker: Worker) =>
  Effect.callback<void>((resume) => {
    worker.on("message", (message) => message === "closed" && resume(Effect.void))
    worker.once("exit", () => resume(Effect.void))
    worker.postMessage("close")
  }).pipe(Effect.timeoutOption("5 seconds"), Effect.andThen(Effect.promise(() => worker.terminate())))

/** Splits what the driver writes into whole protocol messages; the very first has no type byte. */
const framer = () => {
  let rest: Buffer = Buffer.alloc(0)
  let untyped = true
  return (chunk: Uint8Array): Buffer => {
    const bytes = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk])
    let end = 0
    for (;;) {
      const at = end + (untyped ? 0 : 1)
      if (bytes.length < at + 4) break
      const next = at + bytes.readInt32BE(at)
      if (next > bytes.length) break
      end = next
      untyped = false
    }
    rest = bytes.subarray(end)
    return bytes.subarray(0, end)
  }
}

/** 'X', the client's goodbye: PGlite's session outlives a connection. */
const terminate = 0x58

const connect = (worker: Worker): Duplex => {
  const whole = framer()
  const onMessage = (message: unknown) => {
    if (message instanceof Uint8Array) stream.push(message)
    else if (typeof message === "object" && message !== null && "failed" in message) stream.destroy(new Error(String(message.failed)))
  }
  const onExit = () => stream.destroy(new Error("the database's thread has ended"))
  const stream: Duplex = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      const messages = whole(chunk)
      if (messages.length > 0 && messages[0] !== terminate) {
        const copy = Uint8Array.from(messages)
        worker.postMessage(copy, [copy.buffer])
      } else if (messages.length > 0) stream.push(null)
      done()
    },
    final(done) {
      stream.push(null)
      done()
    },
    destroy(error, done) {
      worker.off("message", onMessage)
      worker.off("exit", onExit)
      done(error)
    }
  })
  worker.on("message", onMessage)
  worker.once("exit", onExit)
  return stream
}
