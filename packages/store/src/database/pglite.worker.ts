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

/** Whole protocol messages of a connection, and the answers to them. Connections are counted from 1. */
export interface Conversation {
  readonly connection: number
  readonly messages: Uint8Array
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
  (error: unknown) => port.postMessage({ failed: problemOf(error) })
)

/** The connection whose session the server's only one is at present. */
let current = 0

/** What a server does when a client is gone: its transaction is undone, its prepared statements and settings are forgotten. */
const endSession = async (database: PGlite): Promise<void> => {
  await database.exec("rollback")
  await database.exec("discard all")
}

const answer = async (database: PGlite, { connection, messages }: Conversation): Promise<void> => {
  // A client that went away before its statement was at its turn.
  if (connection < current) return
  if (connection > current && current > 0) await endSession(database)
  current = connection
  await database.execProtocolRawStream(messages, {
    onRawData: (data) => {
      const copy = data.slice()
      port.postMessage({ connection, messages: copy } satisfies Conversation, [copy.buffer])
    }
  })
}

// One message after the other: the protocol is a conversation.
port.on("message", (message: Conversation | "close" | "alive?") => {
  work = work
    .then(() => opened)
    .then((database) => {
      if (message === "alive?") return port.postMessage("alive")
      return message === "close"
        ? database.close().then(() => {
            port.postMessage("closed")
            port.close()
          })
        : answer(database, message)
    })
    .catch((error: unknown) => port.postMessage({ failed: String(error) }))
})
