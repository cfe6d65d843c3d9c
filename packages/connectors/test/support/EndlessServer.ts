/** A server on loopback whose answers never end: how many bytes it could send, and whether its reader hung up. */
import { Effect } from "effect"
import { createServer } from "node:http"

const chunk = Buffer.alloc(1 << 20, "[")
/** So that a reader without a limit ends as well, and the test with it. */
const chunksMax = 256

export const serveWithoutEnd = Effect.acquireRelease(
  Effect.callback<{
    readonly url: string
    readonly sentMegabytes: () => number
    /** Completes when the reader hangs up. */
    readonly hungUp: Effect.Effect<void>
    readonly close: () => void
  }>((resume) => {
    let sent = 0
    const gone = Promise.withResolvers<void>()
    const server = createServer((_, response) => {
      response.writeHead(200, { "content-type": "application/json" })
      response.on("close", () => gone.resolve())
      const more = (): void => {
        while (!response.destroyed) {
          if (sent === chunksMax) return void response.end()
          sent++
          if (!response.write(chunk)) return void response.once("drain", more)
        }
      }
      more()
    })
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      resume(
        Effect.succeed({
          url: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
          sentMegabytes: () => sent,
          hungUp: Effect.promise(() => gone.promise),
          close: () => {
            server.closeAllConnections()
            server.close()
          }
        })
      )
    })
  }),
  ({ close }) => Effect.sync(close)
)
