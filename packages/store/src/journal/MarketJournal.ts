/**
 * Writes every frame to disk as it came, so that a session can be played again to the same bits.
 *
 * Recording never holds up the engine: frames are copied into a bounded buffer and a fiber compresses and writes it every
 * second. When the disk is full or fails, the journal says so, drops and counts what it cannot keep, and tries again.
 */
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { frameOffsets } from "@evenkeel/runtime/ring/FrameRing"
import { type Pulse, Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { Metrics } from "@evenkeel/runtime/telemetry/Metrics"
import { Context, Effect, FileSystem, Layer, Metric, type PlatformError, Schema, Semaphore } from "effect"
import { constants, zstdCompress } from "node:zlib"
import { diskFreeMin, freeBytes } from "../retention/DiskSpace.ts"
import { lockDirectory } from "../database/ProcessLock.ts"
import {
  type Block,
  decodeSegmentHead,
  encodeBlockHead,
  encodeIndex,
  encodeSegmentHead,
  type JournalManifest,
  scanBlocks
} from "./JournalFormat.ts"

/** What waits to be written is at most this much; beyond it frames are dropped and counted. */
const bufferBytesMax = 32 << 20
const flushEvery = "1 second"
/** A flush begins early once this much waits. */
const flushBytes = 1 << 20
/** A segment is closed at this size or age, by the frames' own time, and the next begins: closed ones can be read while the engine runs. */
const segmentBytesMax = 256 << 20
const segmentMillisMax = 86_400_000
/** After a failed write the disk is left alone for so long. */
const retryAfter = "5 seconds"
/** A disk that takes longer over a block hangs. */
const diskHangsAfter = "30 seconds"

export interface JournalOptions {
  readonly directory: string
  readonly manifest: JournalManifest
}

/** What was found when the journal was opened. */
export interface JournalDamage {
  readonly segment: string
  /** Bytes that cannot be read. They stay where they are. */
  readonly damagedBytes: number
  readonly wholeBlocks: number
}

export class MarketJournal extends Context.Service<
  MarketJournal,
  {
    /** Keeps the frame record at `bytes[offset, offset + length)`; false when there was no room. Plain code, for hot callers. */
    readonly append: (bytes: Uint8Array, offset: number, length: number) => boolean
    /** Writes what waits, now. */
    readonly flush: Effect.Effect<void, JournalFailed>
    readonly damage: ReadonlyArray<JournalDamage>
    readonly stats: Effect.Effect<{ readonly frames: number; readonly dropped: number; readonly bytesWritten: number }>
  }
>()("@evenkeel/store/journal/MarketJournal") {
  static readonly layer = (options: JournalOptions) => Layer.effect(MarketJournal, makeJournal(options))

  /** Keeps nothing. */
  static readonly layerNoop = Layer.succeed(
    MarketJournal,
    MarketJournal.of({
      append: () => true,
      flush: Effect.void,
      damage: [],
      stats: Effect.succeed({ frames: 0, dropped: 0, bytesWritten: 0 })
    })
  )
}

/** The disk refused. */
export class JournalFailed extends Schema.TaggedError<JournalFailed>()("JournalFailed", {
  file: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `the market journal cannot write ${this.file}: ${this.problem}`
  }
}

const segmentName = (number: number): string => String(number).padStart(6, "0")

const makeJournal = Effect.fnUntraced(function* ({ directory, manifest }: JournalOptions) {
  const files = yield* FileSystem.FileSystem
  const health = yield* HealthRegistry
  const supervisor = yield* Supervisor
  const failed = (file: string) => (error: PlatformError.PlatformError) => new JournalFailed({ file, problem: error.message })
  yield* files.makeDirectory(directory, { recursive: true }).pipe(Effect.mapError(failed(directory)))
  yield* lockDirectory(directory).pipe(
    Effect.catchTag("LockUnusable", (error) => new JournalFailed({ file: directory, problem: error.message }))
  )

  const existing = (yield* files.readDirectory(directory).pipe(Effect.mapError(failed(directory))))
    .flatMap((name) => /^(\d{6})\.journal$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b)
  const newest = existing.at(-1)
  const damage = newest === undefined ? [] : yield* inspect(directory, segmentName(newest)).pipe(Effect.mapError(failed(directory)))
  for (const { segment, ...rest } of damage) {
    yield* Effect.logWarning("the journal's last segment is damaged; what is whole of it can be read", { segment, ...rest })
  }

  let buffer = new Uint8Array(flushBytes * 2)
  let used = 0
  let frames = 0
  let firstReceived = Number.NaN
  let lastReceived = Number.NaN
  let totalFrames = 0
  let dropped = 0
  let bytesWritten = 0
  let segment = newest ?? 0
  let segmentBytes = Number.POSITIVE_INFINITY
  let segmentBegan = Number.NaN
  let written: Array<Pick<Block, "offset" | "firstReceived" | "lastReceived" | "frames">> = []

  const append = (bytes: Uint8Array, offset: number, length: number): boolean => {
    if (used + length > bufferBytesMax) {
      dropped++
      return false
    }
    if (used + length > buffer.length) {
      const grown = new Uint8Array(Math.min(bufferBytesMax, Math.max(buffer.length * 2, used + length)))
      grown.set(buffer.subarray(0, used))
      buffer = grown
    }
    buffer.set(bytes.subarray(offset, offset + length), used)
    const received = new DataView(buffer.buffer, used + frameOffsets.received, 8).getFloat64(0, true)
    if (Number.isNaN(firstReceived)) firstReceived = received
    lastReceived = received
    used += length
    frames++
    totalFrames++
    return true
  }

  const startSegment = Effect.gen(function* () {
    const path = `${directory}/${segmentName(segment + 1)}.journal`
    const head = encodeSegmentHead(manifest)
    yield* files.writeFile(path, head, { flag: "wx" }).pipe(
      // A full disk leaves no empty segment behind.
      Effect.tapError(({ reason }) => (reason._tag === "AlreadyExists" ? Effect.void : Effect.ignore(files.remove(path)))),
      Effect.mapError(failed(path))
    )
    segment++
    segmentBytes = head.length
    written = []
  })

  const writeBlock = Effect.fnUntraced(function* (raw: Uint8Array, count: number, first: number, last: number) {
    const compressed = yield* compress(raw)
    // What is left of a full disk is for the facts and notifications of alerts.
    const free = yield* freeBytes(directory).pipe(Effect.mapError(({ problem }) => new JournalFailed({ file: directory, problem })))
    if (free < diskFreeMin) return yield* new JournalFailed({ file: directory, problem: `only ${Math.round(free / 2 ** 20)} MiB are free` })
    if (segmentBytes >= segmentBytesMax || first - segmentBegan >= segmentMillisMax) {
      yield* startSegment
      segmentBegan = first
    }
    const path = `${directory}/${segmentName(segment)}.journal`
    const head = encodeBlockHead({ compressed, rawBytes: raw.length, frames: count, firstReceived: first, lastReceived: last })
    const block = new Uint8Array(head.length + compressed.length)
    block.set(head)
    block.set(compressed, head.length)
    yield* Effect.gen(function* () {
      const file = yield* files.open(path, { flag: "a" })
      yield* file.writeAll(block)
      yield* file.sync
    }).pipe(
      Effect.scoped,
      Effect.mapError(failed(path)),
      Effect.tapError(() => cut(path, segmentBytes))
    )
    written.push({ offset: segmentBytes, firstReceived: first, lastReceived: last, frames: count })
    segmentBytes += block.length
    bytesWritten += block.length
    yield* Metric.update(Metrics.journalBytes, block.length)
    yield* files.writeFile(path.replace(/journal$/, "index"), encodeIndex(written)).pipe(Effect.mapError(failed(path)))
  })

  /** Takes back the part of a block that a full disk let through. */
  const cut = (path: string, length: number) => Effect.ignore(files.truncate(path, length))

  // One write at a time, and none half-done because somebody stopped waiting.
  const turn = yield* Semaphore.make(1)
  const flush = Effect.gen(function* () {
    if (used === 0) return
    const raw = buffer.slice(0, used)
    const [count, first, last] = [frames, firstReceived, lastReceived]
    used = 0
    frames = 0
    firstReceived = Number.NaN
    yield* writeBlock(raw, count, first, last).pipe(
      Effect.tapError(() =>
        Effect.sync(() => {
          dropped += count
          totalFrames -= count
        })
      )
    )
  }).pipe(Effect.uninterruptible, turn.withPermit)

  yield* health.gauge("journal", "waiting_bytes", () => used)
  yield* health.gauge("journal", "dropped_frames", () => dropped)
  // A journal that cannot write is degraded, not dead: the market goes on without a record.
  const loop = ({ waiting }: Pulse) =>
    waiting(Effect.sleep(flushEvery)).pipe(
      Effect.andThen(flush),
      Effect.andThen(health.report("journal", "running")),
      Effect.catchTag("JournalFailed", (error) =>
        Effect.logError(error.message, { dropped }).pipe(
          Effect.andThen(health.report("journal", "degraded", error.message)),
          Effect.andThen(waiting(Effect.sleep(retryAfter)))
        )
      ),
      Effect.forever
    )
  yield* supervisor.superviseBeating("journal", loop, diskHangsAfter)
  yield* Effect.addFinalizer(() => Effect.ignore(flush))

  return MarketJournal.of({
    append,
    flush,
    damage,
    stats: Effect.sync(() => ({ frames: totalFrames, dropped, bytesWritten }))
  })
})

/** Looks for damage in a segment, and makes its index anew where it disagrees. Each run begins a segment of its own: nothing need be cut off. */
const inspect = Effect.fnUntraced(function* (directory: string, name: string) {
  const files = yield* FileSystem.FileSystem
  const path = `${directory}/${name}.journal`
  const segment = yield* files.readFile(path)
  const head = decodeSegmentHead(segment)
  const { blocks, damagedBytes } = head === undefined ? { blocks: [], damagedBytes: segment.length } : scanBlocks(segment, head.end)
  const index = encodeIndex(blocks)
  const indexPath = `${directory}/${name}.index`
  const found = yield* files.readFile(indexPath).pipe(Effect.orElseSucceed(() => new Uint8Array(0)))
  if (Buffer.compare(found, index) !== 0) yield* files.writeFile(indexPath, index)
  if (damagedBytes === 0) return []
  return [{ segment: path, damagedBytes, wholeBlocks: blocks.length }] satisfies ReadonlyArray<JournalDamage>
})

const compress = (raw: Uint8Array) =>
  Effect.callback<Uint8Array>((resume) => {
    zstdCompress(raw, { params: { [constants.ZSTD_c_compressionLevel]: 3 } }, (error, compressed) =>
      resume(error === null ? Effect.succeed(compressed) : Effect.die(error))
    )
  })
