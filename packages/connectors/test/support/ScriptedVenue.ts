/** A venue whose sockets and REST answers a test scripts, and a sink that keeps what a connector hands over: for tests on a clock of their own. */
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { Clock, Deferred, Effect, Layer, Queue } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { FrameSink } from "../../src/transport/FrameSink.ts"
import { type openSocket, type Socket, SocketClosed, Sockets } from "../../src/transport/Socket.ts"

/** How the venue behaves; a test may change it at any time. */
export interface VenueScript {
  isRefusing: boolean
  restStatus: number
  body: (path: string) => string
}

/** One connection, from the venue's side. */
export interface OpenSocket {
  readonly at: number
  readonly url: string
  /** What the connector sent. */
  readonly sent: Array<string>
  readonly frame: (text: string) => void
  readonly sign: () => void
  readonly close: Effect.Effect<unknown>
}

export const makeScriptedVenue = Effect.fnUntraced(function* (script: Partial<VenueScript> = {}) {
  const venue: VenueScript = { isRefusing: false, restStatus: 200, body: (path) => JSON.stringify({ path }), ...script }
  const sockets = yield* Queue.sliding<OpenSocket>(256)
  const attempts: Array<number> = []
  const asked: Array<string> = []
  const open: typeof openSocket = Effect.fnUntraced(function* (url, onFrame, onSign) {
    const at = yield* Clock.currentTimeMillis
    attempts.push(at)
    if (venue.isRefusing) return yield* new SocketClosed({ url, code: 1013, reason: "try again later" })
    const closed = yield* Deferred.make<never, SocketClosed>()
    const sent: Array<string> = []
    yield* Queue.offer(sockets, {
      at,
      url,
      sent,
      frame: (text) => onFrame(Buffer.from(text)),
      sign: onSign,
      close: Deferred.fail(closed, new SocketClosed({ url, code: 1001, reason: "going away" }))
    })
    return { send: (message) => Effect.sync(() => void sent.push(message)), closed: Deferred.await(closed) } satisfies Socket
  })
  const http = HttpClient.make((request, url) =>
    Effect.sync(() => {
      const path = url.pathname + url.search
      asked.push(path)
      return HttpClientResponse.fromWeb(request, new Response(venue.body(path), { status: venue.restStatus }))
    })
  )
  return {
    venue,
    endpoints: { socket: "ws://127.0.0.1:1", rest: "http://127.0.0.1:1" },
    layer: Layer.merge(Layer.succeed(Sockets, { open }), Layer.succeed(HttpClient.HttpClient, http)),
    /** When connections were tried, on the test's clock. */
    attempts,
    /** Paths that were asked for by REST. */
    asked,
    /** The next connection that is opened. */
    socket: Queue.take(sockets)
  }
})

export interface SentFrame {
  readonly source: FrameSource
  readonly venue: number
  readonly connection: number
  readonly instrument: number
  readonly text: string
}

export const makeRecordingSink = Effect.gen(function* () {
  const frames = yield* Queue.sliding<SentFrame>(1024)
  const control = { hasRoom: true }
  const all: Array<SentFrame> = []
  const offer: FrameSink["Service"]["offer"] = (source, venue, connection, instrument, payload) => {
    if (!control.hasRoom) return false
    const frame = { source, venue, connection, instrument, text: Buffer.from(payload).toString() }
    all.push(frame)
    return Queue.offerUnsafe(frames, frame)
  }
  /** The next frame of a kind; those before it are passed over. */
  const next = (source: FrameSource): Effect.Effect<SentFrame> =>
    Effect.flatMap(Queue.take(frames), (frame) => (frame.source === source ? Effect.succeed(frame) : next(source)))
  return {
    layer: Layer.succeed(
      FrameSink,
      FrameSink.of({ offer, tick: () => offer(FrameSource.clock, 0, 0, -1, new Uint8Array(0)), counts: [], fill: () => 0 })
    ),
    /** Where `hasRoom` is false every frame is refused. */
    control,
    all,
    next
  }
})
