/**
 * A server on loopback that plays a recorded capture to a real connector, with whatever faults it is told to make.
 *
 * Each WebSocket that connects is sent the frames of the capture's next connection, in order, from the moment that it has said
 * something (or at once); REST calls are answered with the bodies that were recorded for the same path and symbol.
 */
import { Effect, type Scope } from "effect"
import { createServer } from "node:http"
import { WebSocketServer } from "ws"
import type { CaptureRecord } from "../capture/Capture.ts"
import type { Endpoints } from "../exchange/Exchange.ts"
import { Faults, type FaultRates, noFaults } from "../simulated/Faults.ts"

export interface ReplayServerOptions {
  readonly records: ReadonlyArray<CaptureRecord>
  /** Frames a second on each connection; unlimited when undefined. */
  readonly framesPerSecond?: number
  /** Frames are sent in slices of this much time. */
  readonly sliceMillis?: number
  readonly faults?: FaultRates
  readonly seed?: number
}

export interface ReplayServer {
  readonly endpoints: Endpoints
  readonly faults: Faults
  /** Frames sent so far. */
  readonly sent: () => number
  /** True once every connection so far was sent all its frames. */
  readonly done: () => boolean
}

const sliceMillisUsual = 10
/** Stands for this server's own host and port in recorded bodies: venues say where their sockets are. */
export const replayHost = "replay.invalid"
/** Without a limit, frames sent in one slice. */
const sliceFramesMax = 2000

export const makeReplayServer = (options: ReplayServerOptions): Effect.Effect<ReplayServer, never, Scope.Scope> =>
  Effect.gen(function* () {
    const faults = new Faults(options.seed ?? 1)
    faults.rates = options.faults ?? noFaults
    const connections = Map.groupBy(
      options.records.filter(({ kind }) => kind === "recv"),
      ({ connection }) => connection
    )
    const streams = [...connections.values()].map(packFrames)
    const bodies = new Map(options.records.filter(({ kind }) => kind === "http").map(({ bytes, url }) => [keyOf(new URL(url)), bytes]))
    let next = 0
    let sent = 0
    let playing = 0

    const sliceMillis = options.sliceMillis ?? sliceMillisUsual
    const server = createServer((request, response) => {
      const body = bodies.get(keyOf(new URL(request.url ?? "/", "http://venue")))
      response.writeHead(body === undefined ? 404 : 200, { "content-type": "application/json" }).end(
        body === undefined
          ? undefined
          : Buffer.from(body)
              .toString()
              .replaceAll(replayHost, request.headers.host ?? "")
      )
    })
    const sockets = new WebSocketServer({ server })
    sockets.on("connection", (socket, { socket: stream }) => {
      const frames = streams[next++ % Math.max(1, streams.length)] ?? packFrames([])
      let binary = false
      const line = faults.line(
        (frame) => socket.send(frame, { binary }),
        () => socket.terminate()
      )
      const began = performance.now()
      // Timers fire late: what is due is told by the time that has passed.
      const due = () =>
        options.framesPerSecond === undefined
          ? sliceFramesMax
          : Math.floor(((performance.now() - began) * options.framesPerSecond) / 1000) - at
      let at = 0
      playing++
      const timer = setInterval(() => {
        // What is due goes out in one write.
        stream.cork()
        for (let left = Math.min(due(), sliceFramesMax); left > 0 && at < frames.length; left--) {
          binary = frames.binary[at] === 1
          line.give(frames.bytes.subarray(frames.starts[at], frames.starts[++at]))
          sent++
        }
        stream.uncork()
        if (at < frames.length) return
        clearInterval(timer)
        playing--
      }, sliceMillis)
      socket.on("close", () => {
        line.end()
        clearInterval(timer)
        if (at < frames.length) playing--
        at = frames.length
      })
      socket.on("error", () => {})
    })
    yield* Effect.acquireRelease(
      Effect.callback<void>((resume) => {
        server.listen(0, "127.0.0.1", () => resume(Effect.void))
      }),
      () =>
        Effect.callback<void>((resume) => {
          for (const socket of sockets.clients) socket.terminate()
          sockets.close()
          server.closeAllConnections()
          server.close(() => resume(Effect.void))
        })
    )
    const address = server.address()
    const host = `127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`
    return {
      endpoints: { socket: `ws://${host}`, rest: `http://${host}` },
      faults,
      sent: () => sent,
      done: () => next > 0 && playing === 0
    }
  })

/** Frames end to end: a million of them are one object, which no collection has to walk. */
const packFrames = (records: ReadonlyArray<CaptureRecord>) => {
  const starts = new Float64Array(records.length + 1)
  for (const [index, { bytes }] of records.entries()) starts[index + 1] = starts[index]! + bytes.length
  return {
    length: records.length,
    bytes: Buffer.concat(records.map(({ bytes }) => bytes)),
    starts,
    binary: Uint8Array.from(records, ({ binary }) => (binary ? 1 : 0))
  }
}

/** Where venues put the symbol in their queries. */
const symbolParameters = ["symbol", "currency_pair", "instId", "instrument_name", "pair"]

/** Path and symbol: hosts change, limits differ. */
const keyOf = (url: URL): string =>
  `${url.pathname}?${symbolParameters.map((name) => url.searchParams.get(name)).find((symbol) => symbol !== null) ?? ""}`
