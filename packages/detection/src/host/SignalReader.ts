/**
 * Hands what the hot path says to the rest of the engine: level changes to the recorder and the listeners, resync requests and refusals into
 * their queues, scores to whoever listens.
 *
 * Level changes and resync requests are never lost: while their taker is full, the record stays first in line and the hot path keeps what it
 * has no room for. Refusals are a sample; the newest are kept.
 */
import { staleReasons } from "@evenkeel/domain/market/MarketRecord"
import type { LevelChange } from "@evenkeel/domain/risk/RiskLevel"
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { alertWay, startSpan } from "@evenkeel/runtime/telemetry/Spans"
import { Context, Effect, Exit, Option, PubSub, Queue, Stream, Tracer } from "effect"
import { readLevelChange } from "../hotpath/LevelChanges.ts"
import { signalFields, signalIntegers, SignalKind, signalOffsets } from "../hotpath/SignalRecord.ts"
import { LevelRecorder } from "./LevelRecorder.ts"
import type { CoinState, InstrumentState, States } from "./States.ts"
import type { Coin } from "@evenkeel/domain/coin/Coin"

/** A book must be built anew. */
export interface Resync {
  readonly instrument: number
  readonly reason: string
}

/** A frame that could not be used. */
export interface Refusal {
  readonly venue: number
  /** A `FrameOutcome`. */
  readonly outcome: number
  /** The frame's head, as text. */
  readonly sample: string
}

/** Where signal records lie. */
export interface SignalView {
  readonly float64: Float64Array
  readonly int32: Int32Array
  readonly bytes: Uint8Array
}

const resyncsMax = 1024
const refusalsMax = 32
/** What a listener may be behind before it loses the oldest. */
const listenerMax = 1024

export interface SignalReaderOptions {
  readonly signals: SignalView
  readonly states: States
  readonly coins: ReadonlyArray<Coin>
  /** Ids by wire number. */
  readonly venues: ReadonlyArray<string>
  readonly bridges: ReadonlyArray<string>
  /** The first ones by number; the hot path says which pairs are listed later. */
  readonly instruments: ReadonlyArray<Instrument>
  /** Nanoseconds of the hot path's clock as Unix nanoseconds. */
  readonly wallNanos: (nanos: number) => bigint
  /** The hot path's clock now; nothing where it has none. */
  readonly nanosNow?: () => number
}

export const makeSignalReader = Effect.fnUntraced(function* (options: SignalReaderOptions) {
  const { bridges, coins, signals, states, venues } = options
  const recorder = yield* LevelRecorder
  const tracer = yield* Effect.tracer
  const resyncs = yield* Queue.bounded<Resync>(resyncsMax)
  const refusals = yield* Queue.sliding<Refusal>(refusalsMax)
  const levels = yield* PubSub.sliding<LevelChange>(listenerMax)
  const values = yield* PubSub.sliding<CoinState>(listenerMax)
  const quotes = yield* PubSub.sliding<InstrumentState>(listenerMax)
  const quoted = new Map<number, number>()
  /** The instruments of each coin. A delisted pair stays until its number is another's: it has no quote. */
  const instrumentsOf = coins.map(
    ({ symbol }) => new Set(options.instruments.flatMap(({ base, quote }, number) => (base === symbol || quote === symbol ? [number] : [])))
  )

  /** The hot path's span of the record at `offset`, under its frame's; both are over already. */
  const spanOf = (offset: number, annotations: Context.Context<never>): Tracer.Span => {
    const field = (index: number) => signals.float64[(offset >> 3) + index]!
    const make = (key: "frameSent" | "frameProcessed", parent: Option.Option<Tracer.AnySpan>, from: number, to: number) => {
      const span = startSpan(tracer, key, { parent, annotations, startTime: options.wallNanos(from) })
      span.end(options.wallNanos(to), Exit.void)
      return span
    }
    const frame =
      signals.bytes[offset + signalOffsets.sampled] === 1
        ? Tracer.externalSpan({
            traceId: hex(signals.bytes, offset + signalOffsets.trace, 16),
            spanId: hex(signals.bytes, offset + signalOffsets.trace + 16, 8)
          })
        : make("frameSent", Option.none(), field(signalFields.published), field(signalFields.started))
    return make("frameProcessed", Option.some(frame), field(signalFields.started), field(signalFields.scored))
  }

  const publishScore = (coin: number): void => {
    const state = states.coin(coin)
    if (state !== undefined) PubSub.publishUnsafe(values, state)
    for (const number of instrumentsOf[coin]!) {
      const instrument = states.instrument(number)
      if (instrument === undefined || instrument.received === null || quoted.get(number) === instrument.received) continue
      quoted.set(number, instrument.received)
      PubSub.publishUnsafe(quotes, instrument)
    }
  }

  /** Takes the record at byte `offset`; false when it must wait for room. Plain code. */
  const accept = (offset: number): boolean => {
    const integer = (index: number) => signals.int32[(offset >> 2) + index]!
    switch (integer(signalIntegers.kind)) {
      case SignalKind.levelChange: {
        const change = readLevelChange(signals.float64, signals.int32, offset, coins, venues, bridges)
        const decided =
          options.nanosNow === undefined
            ? {}
            : { decidedNanosAgo: options.nanosNow() - signals.float64[(offset >> 3) + signalFields.scored]! }
        if (!recorder.offer({ change, span: spanOf(offset, alertWay), ...decided })) return false
        PubSub.publishUnsafe(levels, change)
        return true
      }
      case SignalKind.resync:
        if (Queue.sizeUnsafe(resyncs) >= resyncsMax) return false
        return Queue.offerUnsafe(resyncs, {
          instrument: integer(signalIntegers.instrument),
          reason: staleReasons[integer(signalIntegers.reason)] ?? "none"
        })
      case SignalKind.refusal: {
        const start = offset + signalOffsets.sample
        const length = signals.int32[(offset + signalOffsets.sampleLength) >> 2]!
        Queue.offerUnsafe(refusals, {
          venue: integer(signalIntegers.instrument),
          outcome: integer(signalIntegers.reason),
          sample: Buffer.from(signals.bytes.slice(start, start + length)).toString("latin1")
        })
        return true
      }
      case SignalKind.trace:
        spanOf(offset, Context.empty())
        return true
      case SignalKind.listed:
        for (const numbers of instrumentsOf) numbers.delete(integer(signalIntegers.instrument))
        for (const coin of [integer(signalIntegers.base), integer(signalIntegers.quote)])
          instrumentsOf[coin]?.add(integer(signalIntegers.instrument))
        return true
      case SignalKind.score:
        publishScore(integer(signalIntegers.coin))
        return true
      default:
        return true
    }
  }

  return {
    accept,
    resyncs,
    refusals,
    levels: Stream.fromPubSub(levels),
    values: Stream.fromPubSub(values),
    quotes: Stream.fromPubSub(quotes)
  }
})

const hex = (bytes: Uint8Array, at: number, length: number): string => Buffer.from(bytes.slice(at, at + length)).toString("hex")
