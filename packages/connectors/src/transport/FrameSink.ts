/**
 * Where connectors put what they receive: the frames ring, and the journal beside it.
 *
 * A frame's bytes are copied once, with its venue, connection and time of receipt. When the ring is full the frame is dropped and
 * counted, and as soon as there is room the hot path is told that the connection lost something: its books become stale and
 * are built anew. Nothing waits, nothing grows.
 */
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { frameOffsets, FrameProducer } from "@evenkeel/runtime/ring/FrameRing"
import { WordCopy } from "@evenkeel/runtime/ring/WordCopy"
import type { Nanoclock } from "@evenkeel/runtime/time/Nanoclock"
import { MarketJournal } from "@evenkeel/store/journal/MarketJournal"
import { Context, Effect, Exit, Layer, Option, type Tracer } from "effect"

/** Counts of one venue's frames, as plain numbers: read by whoever watches. */
export interface FrameCounts {
  frames: number
  bytes: number
  dropped: number
}

export class FrameSink extends Context.Service<
  FrameSink,
  {
    /** Takes one frame; false when it was dropped. Plain code: socket callbacks call it. */
    readonly offer: (source: FrameSource, venue: number, connection: number, instrument: number, payload: Uint8Array) => boolean
    /** Lets time pass in the hot path, though no venue speaks. */
    readonly tick: () => boolean
    /** By venue's wire number. */
    readonly counts: ReadonlyArray<FrameCounts>
    /** Share of the ring in use. */
    readonly fill: () => number
  }
>()("@evenkeel/connectors/transport/FrameSink") {
  /** Into a frames ring. `clock` gives the engine's time, Unix ms; one frame in `sampleEvery` carries a trace (0: none). */
  static readonly layerRing = (options: {
    readonly buffer: SharedArrayBuffer
    readonly venues: number
    readonly clock: () => number
    readonly nanoclock: Nanoclock
    readonly sampleEvery: number
  }) => Layer.effect(FrameSink, makeRingSink(options))
}

const nothing = new Uint8Array(0)

const makeRingSink = Effect.fnUntraced(function* (options: Parameters<typeof FrameSink.layerRing>[0]) {
  const journal = yield* MarketJournal
  const tracer = yield* Effect.tracer
  const producer = new FrameProducer(options.buffer)
  const copier = new WordCopy()
  const counts: ReadonlyArray<FrameCounts> = Array.from({ length: options.venues }, () => ({ frames: 0, bytes: 0, dropped: 0 }))
  /** Connections that lost a frame and whose books do not know it yet: venue << 16 | connection. */
  const owed = new Set<number>()
  let sequence = 0

  const write = (source: FrameSource, venue: number, connection: number, instrument: number, payload: Uint8Array): boolean => {
    const at = payload.length > producer.payloadMax ? -1 : producer.claim(payload.length)
    if (at < 0) return false
    const { bytes, float64, int32 } = producer
    bytes[at + frameOffsets.source] = source
    bytes[at + frameOffsets.venue] = venue
    producer.uint16[(at + frameOffsets.connection) >> 1] = connection
    int32[(at + frameOffsets.instrument) >> 2] = instrument
    float64[(at + frameOffsets.received) >> 3] = options.clock()
    float64[(at + frameOffsets.published) >> 3] = options.nanoclock.now()
    copier.copy(payload, bytes, int32, at + frameOffsets.payload)
    bytes[at + frameOffsets.sampled] = 0
    if (options.sampleEvery > 0 && source !== FrameSource.clock && sequence++ % options.sampleEvery === 0) {
      const span = tracer.span({
        name: "Connector.frame",
        parent: Option.none(),
        annotations: Context.empty(),
        links: [],
        startTime: wallNanos(),
        kind: "producer",
        root: true,
        sampled: true
      })
      span.attribute("frame.venue", venue)
      span.attribute("frame.bytes", payload.length)
      writeTrace(bytes, at, span)
      producer.commit()
      producer.publish()
      span.end(wallNanos(), Exit.void)
    } else {
      producer.commit()
      producer.publish()
    }
    journal.append(bytes, at, int32[at >> 2]!)
    return true
  }

  const settle = () => {
    for (const key of owed) {
      if (!write(FrameSource.lost, key >> 16, key & 0xffff, -1, nothing)) return
      owed.delete(key)
    }
  }

  return FrameSink.of({
    offer: (source, venue, connection, instrument, payload) => {
      const count = counts[venue]
      if (count === undefined) return false
      if (owed.size > 0) settle()
      count.frames++
      count.bytes += payload.length
      if (write(source, venue, connection, instrument, payload)) return true
      count.dropped++
      owed.add((venue << 16) | connection)
      return false
    },
    tick: () => {
      if (owed.size > 0) settle()
      return write(FrameSource.clock, 0, 0, -1, nothing)
    },
    counts,
    fill: () => producer.fill()
  })
})

/** Spans are on the wall's clock, in Unix nanoseconds. */
const wallNanos = (): bigint => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n

/** 16 bytes trace id, 8 bytes span id, 1 byte flag. */
const writeTrace = (bytes: Uint8Array, at: number, span: Tracer.Span): void => {
  for (let i = 0; i < 16; i++) bytes[at + frameOffsets.trace + i] = Number.parseInt(span.traceId.slice(2 * i, 2 * i + 2), 16)
  for (let i = 0; i < 8; i++) bytes[at + frameOffsets.trace + 16 + i] = Number.parseInt(span.spanId.slice(2 * i, 2 * i + 2), 16)
  bytes[at + frameOffsets.sampled] = 1
}
