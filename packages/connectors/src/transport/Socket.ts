/**
 * A WebSocket to a venue, tuned for reading: no compression, no UTF-8 check (decoders check what they use), messages handed over
 * as bytes in the socket's own callback.
 *
 * `Sockets` is how connections open one, so that a test on a clock of its own can give them sockets of its own.
 */
import { Context, Effect, Schema, type Scope } from "effect"
import { WebSocket } from "ws"

/** A frame above this is refused by closing the connection. */
const frameBytesMax = 16 << 20

export interface Socket {
  readonly send: (message: string) => Effect.Effect<void, SocketClosed>
  /** Fails when the connection ends, for whatever reason. */
  readonly closed: Effect.Effect<never, SocketClosed>
}

export class SocketClosed extends Schema.TaggedError<SocketClosed>()("SocketClosed", {
  url: Schema.String,
  /** WebSocket close code; 0 when there was none. */
  code: Schema.Int,
  reason: Schema.String
}) {
  override get message() {
    return `${new URL(this.url).host}: ${this.reason}${this.code > 0 ? ` (${this.code})` : ""}`
  }
}

/** Opens a socket for the caller's scope. `onSign` is called for pings and pongs, which carry no data but prove life. */
export const openSocket = (
  url: string,
  onFrame: (bytes: Uint8Array) => void,
  onSign: () => void
): Effect.Effect<Socket, SocketClosed, Scope.Scope> =>
  Effect.gen(function* () {
    const socket = yield* Effect.acquireRelease(
      Effect.sync(() => new WebSocket(url, { perMessageDeflate: false, skipUTF8Validation: true, maxPayload: frameBytesMax })),
      (socket) =>
        Effect.sync(() => {
          socket.removeAllListeners()
          // An error while it closes has no consequence, but an error without a listener would end the process.
          socket.on("error", () => {})
          socket.terminate()
        })
    )
    socket.on("message", (data) => onFrame(data instanceof Uint8Array ? data : Buffer.concat(data as ReadonlyArray<Buffer>)))
    socket.on("ping", onSign)
    socket.on("pong", onSign)
    let end: SocketClosed | undefined
    const ended = (resume: (effect: Effect.Effect<never, SocketClosed>) => void) => {
      if (end !== undefined) return resume(end)
      const listen = (error: SocketClosed) => {
        end ??= error
        resume(end)
      }
      socket.once("error", (error) => listen(new SocketClosed({ url, code: 0, reason: error.message })))
      socket.once("close", (code, reason) => listen(new SocketClosed({ url, code, reason: reason.toString() || "closed" })))
    }
    yield* Effect.callback<void, SocketClosed>((resume) => {
      socket.once("open", () => resume(Effect.void))
      ended(resume)
    })
    return {
      send: (message) =>
        Effect.callback<void, SocketClosed>((resume) => {
          socket.send(message, (error) =>
            resume(error === undefined || error === null ? Effect.void : new SocketClosed({ url, code: 0, reason: error.message }))
          )
        }),
      closed: Effect.callback<never, SocketClosed>(ended)
    }
  })

/** Opens the sockets of all connections: real ones, unless a test provides others. */
export const Sockets = Context.Reference<{ readonly open: typeof openSocket }>("@evenkeel/connectors/transport/Socket/Sockets", {
  defaultValue: () => ({ open: openSocket })
})
