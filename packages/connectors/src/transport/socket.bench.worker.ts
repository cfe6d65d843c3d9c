/** A server that sends the same frames as fast as its listener takes them. */
import { parentPort, workerData } from "node:worker_threads"
import { type WebSocket, WebSocketServer } from "ws"

const { frames } = workerData as { readonly frames: ReadonlyArray<string> }
const server = new WebSocketServer({ host: "127.0.0.1", port: 0 })
/** Frames put into the socket in one go. */
const burst = 500

server.on("connection", (socket: WebSocket, { socket: stream }) => {
  socket.on("message", (request) => {
    let left = Number(String(request))
    const send = () => {
      // Busy venues fill whole reads: what is timed is the listener, not the kernel's handling of small packets.
      stream.cork()
      // Counts down: the last of each round is the first frame, whatever the count.
      for (let n = 0; n < burst && left > 0; n++) socket.send(frames[--left % frames.length]!, { binary: false })
      stream.uncork()
      if (left > 0) setImmediate(send)
    }
    send()
  })
})
server.on("listening", () => {
  const address = server.address()
  parentPort!.postMessage(typeof address === "object" && address !== null ? address.port : 0)
})
