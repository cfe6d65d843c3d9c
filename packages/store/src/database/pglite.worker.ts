/** Runs PGlite off the main thread: bytes of Postgres's wire protocol in, bytes out. */
import { PGlite } from "@electric-sql/pglite"
import { parentPort, workerData } from "node:worker_threads"

const port = parentPort!
/** Written into a new directory's configuration. Postgres's own default would take 128 MB for a few thousand rows. */
const postgresqlconf = ["shared_buffers=8MB"]

const opened = PGlite.create({ dataDir: (workerData as { readonly directory: string }).directory, postgresqlconf })
let work: Promise<unknown> = opened.then(
  () => port.postMessage("ready"),
  (error: unknown) => port.postMessage({ failed: String(error) })
)

// One message after the other: the protocol is a conversation.
port.on("message", (message: Uint8Array | "close") => {
  work = work
    .then(() => opened)
    .then((database) =>
      message === "close"
        ? database.close().then(() => {
            port.postMessage("closed")
            port.close()
          })
        : database.execProtocolRawStream(message, {
            onRawData: (data) => {
              const copy = data.slice()
              port.postMessage(copy, [copy.buffer])
            }
          })
    )
    .catch((error: unknown) => port.postMessage({ failed: String(error) }))
})
