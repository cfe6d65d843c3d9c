/**
 * Where connectors put what they receive: the hot path's frames, and the journal beside them.
 *
 * A frame's bytes are copied once, with its venue, connection and time of receipt. When there is no room the frame is dropped and
 * counted, and as soon as there is room the hot path is told that the connection lost something: its books become stale and
 * are built anew. Nothing waits, nothing grows.
 */
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { frameOffsets } from "@evenkeel/runtime/ring/FrameRing"
import { Frames } from "@evenkeel/runtime/ring/Frames"
import { WordCopy } from "@evenkeel/runtime/ring/WordCopy"
import { attributes, startSpan } from "@evenkeel/runtime/telemetry/Spans"
import { MarketClock } from "@evenkeel/runtime/time/MarketClock"
import { ProcessNanoclock } from "@evenkeel/runtime/time/Nanoclock"
import { MarketJournal } from "@evenkeel/store/journal/MarketJournal"
import { Context, Effect, Exit, Layer, Option, type Tracer } from "effect"
import { Venues } from "../exchange/Venues.ts"

/** Counts of one venue's frames, as plain numbers that anyone may read at any time. */
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
    /** Lets time pass in the hot path while no venue sends anything. */
    readonly tick: () => boolean
    /** By venue's wire number. */
    readonly counts: ReadonlyArray<FrameCounts>
    /** Share of the frames' memory in use. */
    readonly fill: () => number
  }
>()("@evenkeel/connectors/transport/FrameSink") {
  /** One frame in `sampleEvery` carries a trace (0: none). */
  static readonly layer = (options: FrameSinkOptions) => Layer.effect(FrameSink, makeFrameSink(options))
}

export interface FrameSinkOptions {
  readonly sampleEvery: number
}

const noBytes = new Uint8Array(0)

const makeFrameSink = Effect.fnUntraced(function* ({ sampleEvery }: FrameSinkOptions) {
  const { sources } = yield* Venues
  const frames = yield* Frames
  const journal = yield* MarketJournal
  const now = yield* MarketClock
  const nanoclock = yield* ProcessNanoclock
  const tracer = yield* Effect.tracer
  const copier = new WordCopy()
  const counts: ReadonlyArray<FrameCounts> = sources.map(() => ({ frames: 0, bytes: 0, dropped: 0 }))
  /** Connections that lost a frame, which the hot path does not know yet: venue << 16 | connection. */
  const lossesPending = new Set<number>()
  let sequence = 0

  const write = (source: FrameSource, venue: number, connection: number, instrument: number, payload: Uint8Array): boolean => {
    const at = payload.length > frames.payloadMax ? -1 : frames.claim(payload.length)
    if (at < 0) return false
    const { bytes, float64, int32, uint16 } = frames
    bytes[at + frameOffsets.source] = source
    bytes[at + frameOffsets.venue] = venue
    uint16[(at + frameOffsets.connection) >> 1] = connection
    int32[(at + frameOffsets.instrument) >> 2] = instrument
    float64[(at + frameOffsets.received) >> 3] = now()
    float64[(at + frameOffsets.published) >> 3] = nanoclock.now()
    copier.copy(payload, bytes, int32, at + frameOffsets.payload)
    bytes[at + frameOffsets.sampled] = 0
    const span = sampleEvery > 0 && source !== FrameSource.clock && sequence++ % sampleEvery === 0 ? frameSpan(tracer) : undefined
    if (span !== undefined) {
      span.attribute(attributes.venue, venue)
      span.attribute("messaging.message.body.size", payload.length)
      // What the sampler does not keep begins no trace behind the ring either.
      if (span.sampled) writeTrace(bytes, at, span)
    }
    frames.commit()
    frames.publish()
    span?.end(wallNanos(), Exit.void)
    // The record stays where it is until the next claim; by now the hot path is at work on it.
    journal.append(bytes, at, int32[at >> 2]!)
    return true
  }

  /** Tells the hot path which connections lost frames, as far as there is room. */
  const reportLosses = () => {
    for (const key of lossesPending) {
      if (!write(FrameSource.lost, key >> 16, key & 0xffff, -1, noBytes)) return
      lossesPending.delete(key)
    }
  }

  return FrameSink.of({
    offer: (source, venue, connection, instrument, payload) => {
      const count = counts[venue]
      if (count === undefined) return false
      if (lossesPending.size > 0) reportLosses()
      count.frames++
      count.bytes += payload.length
      if (write(source, venue, connection, instrument, payload)) return true
      count.dropped++
      lossesPending.add((venue << 16) | connection)
      return false
    },
    tick: () => {
      if (lossesPending.size > 0) reportLosses()
      return write(FrameSource.clock, 0, 0, -1, noBytes)
    },
    counts,
    fill: () => frames.fill()
  })
})

/** The root span of a sampled frame. */
const frameSpan = (tracer: Tracer.Tracer): Tracer.Span =>
  startSpan(tracer, "frameSent", { parent: Option.none(), annotations: Context.empty(), startTime: wallNanos() })

/** Spans are on the wall's clock, in Unix nanoseconds. */
const wallNanos = (): bigint => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n

/** 16 bytes trace id, 8 bytes span id, 1 byte flag. */
const writeTrace = (bytes: Uint8Array, at: number, span: Tracer.Span): void => {
  for (let i = 0; i < 16; i++) bytes[at + frameOffsets.trace + i] = Number.parseInt(span.traceId.slice(2 * i, 2 * i + 2), 16)
  for (let i = 0; i < 8; i++) bytes[at + frameOffsets.trace + 16 + i] = Number.parseInt(span.spanId.slice(2 * i, 2 * i + 2), 16)
  bytes[at + frameOffsets.sampled] = 1
}
