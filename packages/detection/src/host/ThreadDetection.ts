/**
 * Starts the hot path's thread, restarts it when it dies, and hands over what it says.
 *
 * Level changes and resync requests wait in bounded queues; while one is full the signals ring is not read past it, and the hot path
 * keeps what it owes until there is room again. Scores need no queue: the state table has the latest.
 */
import type { LevelChange } from "@evenkeel/domain/risk/RiskLevel"
import { staleReasons } from "@evenkeel/domain/market/MarketRecord"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { consumeRecords } from "@evenkeel/runtime/ring/RingWait"
import type { WaitStrategy } from "@evenkeel/runtime/ring/RingHeader"
import { closeRing } from "@evenkeel/runtime/ring/RingHeader"
import { SpscConsumer } from "@evenkeel/runtime/ring/SpscRing"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { Context, Effect, Exit, Layer, Option, Queue, Schema, Tracer } from "effect"
import { Worker } from "node:worker_threads"
import type { HotPathOptions } from "../hotpath/HotPath.ts"
import { readLevelChange } from "../hotpath/LevelChanges.ts"
import { signalBytes, signalFields, signalIntegers, SignalKind, signalOffsets } from "../hotpath/SignalRecord.ts"
import type { HotPathMemory, HotPathWorkerData } from "./HotPathMemory.ts"

export interface LevelChangeSignal {
  readonly change: LevelChange
  /** The hot path's span, under the frame's: parent of everything that follows. */
  readonly span: Tracer.AnySpan
}

export interface ResyncSignal {
  readonly instrument: number
  readonly reason: string
}

export interface RefusalSignal {
  readonly venue: number
  readonly outcome: number
  /** The frame's head, as text. */
  readonly sample: string
}

export class HotPathThread extends Context.Service<
  HotPathThread,
  {
    readonly levelChanges: Queue.Dequeue<LevelChangeSignal>
    readonly resyncs: Queue.Dequeue<ResyncSignal>
    /** A sample of the frames that could not be used; the counters have all. */
    readonly refusals: Queue.Dequeue<RefusalSignal>
    /** Completes each time the thread has been started anew after a crash: every book must be built again. */
    readonly restarts: Queue.Dequeue<void>
  }
>()("@evenkeel/detection/thread/HotPathThread") {
  static readonly layer = (options: HotPathThreadOptions) => Layer.effect(HotPathThread, makeHotPathThread(options))
}

export interface HotPathThreadOptions {
  readonly memory: HotPathMemory
  readonly hotPath: HotPathOptions
  readonly wait: WaitStrategy
  readonly origin: bigint
  /** The module that runs `runHotPathLoop` with the decoders. */
  readonly entry: URL
}

/** The thread died of an error. */
export class HotPathDied extends Schema.TaggedError<HotPathDied>()("HotPathDied", { cause: Schema.Defect() }) {
  override get message() {
    return `the hot path's thread died: ${String(this.cause)}`
  }
}

const levelChangesMax = 1024
const resyncsMax = 1024
const refusalsMax = 32
const drainWithin = "3 seconds"

const makeHotPathThread = Effect.fnUntraced(function* (options: HotPathThreadOptions) {
  const supervisor = yield* Supervisor
  const health = yield* HealthRegistry
  const tracer = yield* Effect.tracer
  const levelChanges = yield* Queue.bounded<LevelChangeSignal>(levelChangesMax)
  const resyncs = yield* Queue.bounded<ResyncSignal>(resyncsMax)
  const refusals = yield* Queue.sliding<RefusalSignal>(refusalsMax)
  const restarts = yield* Queue.sliding<void>(1)
  const signals = new SpscConsumer(options.memory.signals, signalBytes)
  const venues = options.hotPath.venues.map(({ id }) => id)
  const wallOrigin = BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6)) - (process.hrtime.bigint() - options.origin)
  const wall = (nanos: number) => wallOrigin + BigInt(Math.round(nanos))

  let starts = 0
  let ended = false
  const live = Effect.callback<void, HotPathDied>((resume) => {
    const { venues: _, ...hotPath } = options.hotPath
    const data: HotPathWorkerData = {
      memory: options.memory,
      options: { ...hotPath, venueIds: venues },
      wait: options.wait,
      origin: options.origin,
      skipFrame: starts++ > 0
    }
    const worker = new Worker(options.entry, { workerData: data, name: "evenkeel-hot-path" })
    worker.once("error", (cause) => resume(new HotPathDied({ cause })))
    worker.once("exit", (code) => {
      ended = code === 0
      resume(code === 0 ? Effect.void : new HotPathDied({ cause: `exit code ${code}` }))
    })
    return Effect.promise(() => worker.terminate())
  })
  const announce = Effect.suspend(() => (starts > 0 ? Effect.asVoid(Queue.offer(restarts, undefined)) : Effect.void))
  yield* supervisor.supervise("hot-path", Effect.andThen(announce, live))

  /** The hot path's span of the record at `offset`, under its frame's, both already over. */
  const spanOf = (offset: number): Tracer.Span => {
    const field = (index: number) => signals.float64[(offset >> 3) + index]!
    const make = (name: string, parent: Option.Option<Tracer.AnySpan>, from: number, to: number) => {
      const span = tracer.span({
        name,
        parent,
        annotations: Context.empty(),
        links: [],
        startTime: wall(from),
        kind: "internal",
        root: Option.isNone(parent),
        sampled: true
      })
      span.end(wall(to), Exit.void)
      return span
    }
    const frame =
      signals.bytes[offset + signalOffsets.sampled] === 1
        ? Tracer.externalSpan({
            traceId: hex(signals.bytes, offset + signalOffsets.trace, 16),
            spanId: hex(signals.bytes, offset + signalOffsets.trace + 16, 8)
          })
        : make("Connector.frame", Option.none(), field(signalFields.published), field(signalFields.started))
    return make("HotPath.process", Option.some(frame), field(signalFields.started), field(signalFields.scored))
  }

  /** False when the record must wait for room. */
  const accept = (offset: number): boolean => {
    const integer = (index: number) => signals.int32[(offset >> 2) + index]!
    switch (integer(signalIntegers.kind)) {
      case SignalKind.levelChange:
        if (Queue.sizeUnsafe(levelChanges) >= levelChangesMax) return false
        return Queue.offerUnsafe(levelChanges, {
          change: readLevelChange(signals.float64, signals.int32, offset, options.hotPath.coins, venues),
          span: spanOf(offset)
        })
      case SignalKind.resync:
        if (Queue.sizeUnsafe(resyncs) >= resyncsMax) return false
        return Queue.offerUnsafe(resyncs, {
          instrument: integer(signalIntegers.instrument),
          reason: staleReasons[integer(signalIntegers.reason)] ?? "none"
        })
      case SignalKind.refusal:
        Queue.offerUnsafe(refusals, {
          venue: integer(signalIntegers.instrument),
          outcome: integer(signalIntegers.reason),
          sample: Buffer.from(
            signals.bytes.slice(
              offset + signalOffsets.sample,
              offset + signalOffsets.sample + signals.int32[(offset + signalOffsets.sampleLength) >> 2]!
            )
          ).toString("latin1")
        })
        return true
      case SignalKind.trace:
        spanOf(offset)
        return true
      default:
        return true
    }
  }
  yield* health.gauge("hot-path", "signals_waiting", () => signals.size())
  yield* supervisor.supervise("signals", consumeRecords(signals, accept))
  // Runs before the fibers are interrupted: what was accepted from venues is still judged, and its changes handed over.
  yield* Effect.addFinalizer(() =>
    Effect.gen(function* () {
      closeRing(new Int32Array(options.memory.frames, 0, 128))
      while (!ended) yield* Effect.sleep("5 millis")
      while (signals.peek() >= 0) yield* Effect.sleep("1 millis")
    }).pipe(Effect.timeoutOption(drainWithin), Effect.asVoid)
  )
  return HotPathThread.of({ levelChanges, resyncs, refusals, restarts })
})

const hex = (bytes: Uint8Array, at: number, length: number): string => Buffer.from(bytes.slice(at, at + length)).toString("hex")
