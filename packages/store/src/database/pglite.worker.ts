/** Runs PGlite off the main thread: bytes of Postgres's wire protocol in, bytes out. */
import { PGlite, type PGliteOptions } from "@electric-sql/pglite"
import { readFile } from "node:fs/promises"
import { setFlagsFromString } from "node:v8"
import { parentPort, workerData } from "node:worker_threads"
import { durableParameters, makeDurableFiles } from "./DurableFiles.ts"

export interface PgliteWorkerData {
  readonly directory: string
  /** Address of the archive that a database in memory is copied from; undefined on disk, or without an archive. */
  readonly template: string | undefined
}

/** What a connection says: whole protocol messages; without them, that it has ended. Connections are counted from 1. */
export interface Said {
  readonly connection: number
  readonly messages?: Uint8Array
}

/** What a connection is answered: protocol messages, whether it holds the session from now on, or that its messages could not be handled at all. */
export interface Answered {
  readonly connection: number
  readonly messages?: Uint8Array
  readonly holds?: boolean
  readonly failed?: string
}

const port = parentPort!
const { directory, template } = workerData as PgliteWorkerData

/** Of a database that is made without an archive; see `makeTemplate.js`. */
const postgresqlconf = ["shared_buffers=8MB"]

// Bytes of a function that have run before V8 compiles it once more, for speed. With its own figure, 13 million, that compiling is half the work of a
// start and of the first hundreds of statements; later statements take the same time.
setFlagsFromString("--wasm-tiering-budget=200000000")

const inMemory = directory.startsWith("memory://")

const open = async () =>
  PGlite.create({
    ...(inMemory
      ? { dataDir: directory }
      : { fs: makeDurableFiles(directory) as NonNullable<PGliteOptions["fs"]>, startParams: durableParameters }),
    ...(template === undefined ? { postgresqlconf } : { loadDataDir: new Blob([await readFile(new URL(template))]) })
  })

/** Emscripten throws objects that are no errors, with a number of the system's. */
const problemOf = (error: unknown): string =>
  error instanceof Error
    ? error.message
    : typeof error === "object" && error !== null && "errno" in error
      ? `system error ${error.errno}`
      : String(error)

const opened = open()
let work: Promise<unknown> = opened.then(
  () => port.postMessage("ready"),
  (error: unknown) => {
    // Whoever asks next starts another thread, which may find what was wrong mended.
    port.postMessage({ failed: problemOf(error) })
    port.close()
  }
)

/** What was said and is not handled yet. The one session is shared: whoever is in a transaction has it to the transaction's end. */
const waiting: Array<Said> = []
let holder: number | undefined

/** `ReadyForQuery` with its status, which ends an answer; `I`: outside of a transaction (PostgreSQL 17, 53.7). */
const readyLength = 6
const [readyForQuery, idle] = [0x5a, 0x49]

const answer = async (database: PGlite, connection: number, messages: Uint8Array): Promise<void> => {
  const before = holder
  holder = connection
  let end: Uint8Array = new Uint8Array(0)
  await database.execProtocolRawStream(messages, {
    onRawData: (data) => {
      const copy = data.slice()
      end = copy.length < readyLength ? Uint8Array.of(...end, ...copy).slice(-readyLength) : copy.slice(-readyLength)
      port.postMessage({ connection, messages: copy } satisfies Answered, [copy.buffer])
    }
  })
  // What is answered with nothing has begun nothing.
  if (end.length === 0) holder = before
  else if (end.length === readyLength && end[0] === readyForQuery && end[readyLength - 1] === idle) holder = undefined
  const holds = holder === connection
  if (holds !== (before === connection)) port.postMessage({ connection, holds } satisfies Answered)
}

const serve = async (database: PGlite): Promise<void> => {
  for (;;) {
    const at = waiting.findIndex(({ connection }) => holder === undefined || connection === holder)
    if (at < 0) return
    const { connection, messages } = waiting.splice(at, 1)[0]!
    if (messages !== undefined)
      await answer(database, connection, messages).catch((error: unknown) =>
        port.postMessage({ connection, failed: problemOf(error) } satisfies Answered)
      )
    else if (connection === holder) {
      // As a server does when its client is gone. After an error the server passes over all up to a `Sync`, also the first of these: each ends with one.
      await database.exec("rollback")
      await database.exec("rollback")
      holder = undefined
    }
  }
}

// One message after the other: the protocol is a conversation.
port.on("message", (message: Said | "close" | "alive?") => {
  if (typeof message === "object") waiting.push(message)
  work = work.then(() =>
    opened.then(
      (database) => {
        if (message === "alive?") return port.postMessage("alive")
        if (message !== "close") return serve(database)
        return database.close().then(() => {
          port.postMessage("closed")
          port.close()
        })
      },
      // Said above. What else fails here ends the thread, and the next statement starts another.
      () => {}
    )
  )
})
