/**
 * The embedded database: PGlite on disk, in a worker thread, spoken to by the same driver as Postgres.
 *
 * The driver is given a stream whose other end is the worker, so SQL, migrations, codecs and errors are one with production. A
 * lock keeps a second process from opening the same directory, which PGlite itself would not notice.
 */
import { PgClient } from "@effect/sql-pg"
import { Duration, Effect, FileSystem, Layer, Queue, Schema } from "effect"
import type { Duplex } from "node:stream"
import { fileURLToPath } from "node:url"
import { Worker } from "node:worker_threads"
import { connect, guestLimits } from "./Connection.ts"
import { serveDatabase } from "./DatabaseSocket.ts"
import type { PgliteWorkerData } from "./pglite.worker.ts"
import { lockDirectory } from "./ProcessLock.ts"

/** The directory cannot be opened as a database. */
export class DatabaseUnopened extends Schema.TaggedError<DatabaseUnopened>()("DatabaseUnopened", {
  directory: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `${this.directory} cannot be opened as a database: ${this.problem}`
  }
}

/** A statement that takes longer hangs. */
const answersWithin = "1 minute"
/** Of what the thread's watch has to say, that waits to be logged. */
const newsMax = 16

/**
 * `directory` is created when it is missing; `memory://` keeps everything in memory. A thread that dies, or that answers nothing within `within`, is
 * replaced by a new one, unless it kept everything in memory: the statements at hand fail as those of a server that was restarted.
 * With `serve`, other processes may look into it.
 */
export const layerEmbedded = (
  directory: string,
  { serve = false, within = answersWithin }: { readonly serve?: boolean; readonly within?: Duration.Input } = {}
) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const inMemory = directory.startsWith("memory://")
      const template = yield* findTemplate
      if (!inMemory) yield* lockDirectory(directory).pipe(Effect.catchTag("LockUnusable", unopened(directory)))
      if (!inMemory) yield* createIfMissing(directory, template)
      const workerData: PgliteWorkerData = { directory, template: inMemory ? template?.href : undefined }
      let worker = yield* open(workerData)
      let closing = false
      const news = yield* Queue.sliding<string>(newsMax)
      const say = (what: string) => Queue.offerUnsafe(news, what)
      yield* Queue.take(news).pipe(
        Effect.flatMap((what) => Effect.logError(what, { directory })),
        Effect.forever,
        Effect.forkScoped
      )
      /** Notices when the thread ends, and ends one that hangs. */
      const watch = (thread: Worker) => {
        const patience = watchAnswers(thread, Duration.toMillis(Duration.fromInputUnsafe(within)))
        thread.once("exit", () => {
          clearInterval(patience)
          if (!closing) say("the database's thread has ended")
        })
      }
      watch(worker)
      const living = () => {
        if (worker.threadId >= 0 || inMemory) return worker
        say("the database is opened again")
        worker = startThread(workerData)
        // Without a listener an error would end the program.
        worker.on("error", (error) => say(`the database's thread failed: ${error}`))
        worker.once("message", (message: "ready" | { readonly failed: string }) => {
          if (message !== "ready") say(`the database cannot be opened: ${message.failed}`)
        })
        watch(worker)
        return worker
      }
      yield* Effect.addFinalizer(() =>
        Effect.suspend(() => {
          closing = true
          return close(worker)
        })
      )
      if (serve && !inMemory) yield* serveDatabase(directory, () => connect(living(), guestLimits))
      return layerClient(() => connect(living()))
    })
  )

/** The driver over streams to a database's thread. `guest`: the session is another process's, in which nothing is left behind. */
export const layerClient = (stream: () => Duplex, { guest = false }: { readonly guest?: boolean } = {}) =>
  PgClient.layer({
    stream,
    prepare: !guest,
    ssl: false,
    username: "postgres",
    database: "postgres",
    // One session: PGlite has no more.
    maxConnections: 1,
    minConnections: 1
  })

const unopened = (directory: string) => (error: { readonly message: string }) => new DatabaseUnopened({ directory, problem: error.message })

/** The address of the empty database that the install has made; undefined where it was installed without its scripts. */
export const findTemplate = Effect.gen(function* () {
  const files = yield* FileSystem.FileSystem
  const template = new URL("../../build/database.tar.gz", import.meta.url)
  return (yield* files.exists(fileURLToPath(template)).pipe(Effect.orElseSucceed(() => false))) ? template : undefined
})

/** Whether a database is in `directory`, whole: it is moved there when it is. */
export const isMade = (directory: string) =>
  Effect.flatMap(FileSystem.FileSystem, (files) => files.exists(`${directory}/PG_VERSION`)).pipe(Effect.orElseSucceed(() => false))

/** A new database is made beside its place and then moved there, so that a start that is killed leaves none or a whole one. */
const createIfMissing = Effect.fnUntraced(function* (directory: string, template: URL | undefined) {
  if (yield* isMade(directory)) return
  const files = yield* FileSystem.FileSystem
  const beside = `${directory}.new`
  yield* Effect.gen(function* () {
    yield* files.remove(beside, { recursive: true, force: true })
    yield* template === undefined ? Effect.flatMap(open({ directory: beside, template: undefined }), close) : unpack(template, beside)
    yield* syncAll(beside)
    // Only an empty directory, or nothing, stands where the database goes: else the move is refused.
    yield* files.rename(beside, directory)
  }).pipe(Effect.catchTag("PlatformError", unopened(directory)))
})

/** Files that are synced at once. */
const syncingMax = 16

/** Ends when every file under `directory` is on the disk: from then on the server syncs what it changes. */
const syncAll = Effect.fnUntraced(function* (directory: string) {
  const files = yield* FileSystem.FileSystem
  yield* Effect.forEach(
    yield* files.readDirectory(directory, { recursive: true }),
    (name) => Effect.scoped(Effect.flatMap(files.open(`${directory}/${name}`, { flag: "r" }), ({ sync }) => sync)),
    { concurrency: syncingMax, discard: true }
  )
})

/** Writes the files of an empty database into `directory`; no server needs to run for it. */
const unpack = Effect.fnUntraced(function* (template: URL, directory: string) {
  const files = yield* FileSystem.FileSystem
  yield* files.makeDirectory(directory, { recursive: true, mode: 0o700 })
  const problems: Array<string> = []
  yield* Effect.tryPromise({
    // Loaded only where it is needed: most starts find their database.
    try: () =>
      import("tar").then(({ extract }) =>
        extract({
          file: fileURLToPath(template),
          cwd: directory,
          // The files are of whoever starts the engine, and as old as their copy.
          preserveOwner: false,
          noMtime: true,
          // What cannot be written, as on a full disk, is a warning to this library.
          onwarn: (code, message) => {
            if (code !== "TAR_ENTRY_INFO") problems.push(String(message))
          }
        })
      ),
    catch: (cause) => new DatabaseUnopened({ directory, problem: String(cause) })
  })
  if (problems.length > 0) return yield* new DatabaseUnopened({ directory, problem: problems[0]! })
})

const startThread = (workerData: PgliteWorkerData): Worker =>
  new Worker(new URL(import.meta.resolve("@evenkeel/store/database/pglite.worker")), { workerData })

/** Looks at a thread within its patience: looks are counted, because a machine that sleeps wakes no looks. */
const looks = 10
/** Looks while a thread opens the database, which may have to recover what a crash left. */
const openingLooks = 100

/** Ends the thread when it leaves a question unanswered for so long. Real time, whatever clock the engine lives by. */
const watchAnswers = (thread: Worker, millis: number) => {
  let unanswered = 0
  let looksMax = openingLooks
  thread.on("message", (message: unknown) => {
    if (message !== "alive") return
    unanswered = 0
    looksMax = looks
  })
  return setInterval(() => {
    if (unanswered++ === 0) thread.postMessage("alive?")
    else if (unanswered > looksMax) void thread.terminate()
  }, millis / looks).unref()
}

/** A thread that has opened the database. */
export const open = (workerData: PgliteWorkerData) =>
  Effect.callback<Worker, DatabaseUnopened>((resume) => {
    const worker = startThread(workerData)
    const failed = (problem: string) => resume(Effect.fail(new DatabaseUnopened({ directory: workerData.directory, problem })))
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
