/**
 * A server that sends the same frames as fast as its listener takes them: framed once, beforehand, so that the listener is what is timed.
 */
import { parentPort, workerData } from "node:worker_threads"
import { type WebSocket, WebSocketServer } from "ws"

const { frames } = workerData as { readonly frames: ReadonlyArray<string> }
const server = new WebSocketServer({ host: "127.0.0.1", port: 0 })
/** Rounds of all frames in one write. */
const roundsPerWrite = 100

/** An unmasked text message as RFC 6455 frames it: one byte of kind, the length in one or three bytes, the payload. */
const framed = (text: string): Buffer => {
  const payload = Buffer.from(text)
  const head =
    payload.length < 126 ? Buffer.from([0x81, payload.length]) : Buffer.from([0x81, 126, payload.length >> 8, payload.length & 255])
  return Buffer.concat([head, payload])
}
const block = Buffer.concat(Array.from({ length: roundsPerWrite }, () => frames.map(framed)).flat())

server.on("connection", (socket: WebSocket, { socket: stream }) => {
  socket.on("message", (request) => {
    let left = Number(String(request)) / (frames.length * roundsPerWrite)
    const send = (): void => {
      while (left-- > 0) if (!stream.write(block)) return void stream.once("drain", send)
    }
    send()
  })
})
server.on("listening", () => {
  const address = server.address()
  parentPort!.postMessage(typeof address === "object" && address !== null ? address.port : 0)
})
