/**
 * Follows one chain: new heads, confirmations, reorganisations, missed blocks, and the sources that are watched at each.
 *
 * A subscription to new heads only wakes the watcher: it always asks the chain for the head itself, and asks once a block time when nothing
 * wakes it. Before each step it checks that the block it read last is still part of the chain. If it is not, the readings since the last
 * common block are withdrawn, and the sources are read again. Missed blocks are not lost: changes are counted from the block after the last
 * one that was read, and that block is kept over restarts.
 */
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { EventKind, eventPayload } from "@evenkeel/domain/market/MarketRecord"
import { sourceIds } from "@evenkeel/domain/market/Venue"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { MarketClock } from "@evenkeel/runtime/time/MarketClock"
import { Snapshots } from "@evenkeel/store/snapshot/Snapshots"
import { Effect, Option, Queue, Result, Schedule, Schema } from "effect"
import { FrameSink } from "../transport/FrameSink.ts"
import type { BlockRef, Chain, ChainUnavailable, Reading } from "./Chain.ts"
import { type ChainSource, feedDefaults, sourceName } from "./ChainSource.ts"

export interface ChainWatcherOptions {
  readonly chain: Chain
  /** What is watched, and the instrument number that the hot path knows it by. */
  readonly sources: ReadonlyArray<{ readonly source: ChainSource; readonly instrument: number }>
  /** Blocks that must follow a block before it is read; 0 reads the head, and withdraws its readings if it leaves the chain. */
  readonly confirmations: number
}

/** Blocks that are remembered to find where a reorganisation began; an older one withdraws and reads everything again. */
const rememberedMax = 512
/** After a long absence changes are counted over this many blocks at most; those before are not reported. */
const catchUpBlocksMax = 50_000
/** The last block that was read, as it is kept over restarts: JSON. */
const Checkpoint = Schema.fromJsonString(Schema.Struct({ number: Schema.Int, hash: Schema.String }))
const decodeCheckpoint = Schema.decodeUnknownOption(Checkpoint)
const encodeCheckpoint = Schema.encodeSync(Checkpoint)
/** Sources that are read at the same time. */
const readsAtOnce = 8

export const makeChainWatcher = Effect.fnUntraced(function* (options: ChainWatcherOptions) {
  const supervisor = yield* Supervisor
  const { chain } = options
  const component = `chain:${chain.id}`
  // One is enough: the watcher reads the newest head whenever it is woken.
  const wakes = yield* Queue.sliding<void>(1)
  yield* supervisor.supervise(component, watch(options, component, wakes))
  const { subscribe } = chain
  if (subscribe !== undefined) {
    const listen = Effect.scoped(subscribe(() => Queue.offerUnsafe(wakes, undefined))).pipe(
      Effect.tapError((error) => Effect.logWarning("the subscription to new heads ended; they are polled", { reason: error.message })),
      Effect.retry(Schedule.min([Schedule.exponential("1 second"), Schedule.spaced("30 seconds")]).pipe(Schedule.jittered))
    )
    yield* supervisor.supervise(`${component}:heads`, Effect.ignore(listen))
  }
})

const watch = Effect.fnUntraced(function* (options: ChainWatcherOptions, component: string, wakes: Queue.Queue<void>) {
  const { chain } = options
  const health = yield* HealthRegistry
  const snapshots = yield* Snapshots
  const follower = yield* makeFollower(options)
  const saved = Option.flatMap(yield* snapshots.load(component), ({ payload }) => decodeCheckpoint(new TextDecoder().decode(payload)))
  if (Option.isSome(saved)) follower.resume(saved.value)
  for (;;) {
    const step = yield* Effect.result(follower.step)
    if (Result.isFailure(step)) {
      yield* health.report(component, "degraded", step.failure.message)
      yield* Effect.logWarning("the chain cannot be read", { chain: chain.id, reason: step.failure.message })
    } else if (step.success !== undefined) {
      const { hash, number } = step.success
      yield* health.report(component, "running", `block ${number}`)
      // Without its checkpoint a restarted watcher reads some blocks again, no more.
      yield* snapshots.save(component, number, new TextEncoder().encode(encodeCheckpoint({ number, hash }))).pipe(Effect.ignore)
    }
    yield* Effect.raceFirst(Queue.take(wakes), Effect.sleep(Math.max(1000, chain.blockMillis)))
  }
})

/** What a watcher knows between two steps. `watch` decides when they are taken. */
export const makeFollower = Effect.fnUntraced(function* ({ chain, confirmations, sources }: ChainWatcherOptions) {
  const sink = yield* FrameSink
  const now = yield* MarketClock
  const wireNumber = sourceIds.indexOf(chain.id)
  /** Blocks that were read, oldest first. */
  let read: Array<{ readonly number: number; readonly hash: string }> = []
  const emit = (instrument: number, kind: EventKind, numbers: ReadonlyArray<number>) =>
    sink.offer(FrameSource.event, wireNumber, 0, instrument, eventPayload(kind, numbers))

  /** Forgets the blocks that were read and are no longer part of the chain: how many there were, and the block to read on from. */
  const commonBlock = Effect.fnUntraced(function* (target: BlockRef) {
    let orphaned = 0
    let below = Number.POSITIVE_INFINITY
    for (let last = read.at(-1); last !== undefined; last = read.at(-1)) {
      // The target names the block right before it; for others the chain is asked.
      const hash =
        target.number === last.number
          ? target.hash
          : target.number === last.number + 1
            ? target.parentHash
            : (yield* chain.block(last.number))?.hash
      if (hash === last.hash) break
      read.pop()
      below = last.number
      orphaned++
    }
    return { orphaned, since: read.length > 0 ? read.at(-1)!.number + 1 : below }
  })

  const step = Effect.gen(function* () {
    const head = yield* chain.head
    const target = confirmations === 0 ? head : yield* chain.block(head.number - confirmations)
    if (target === undefined || target.number < 0) return undefined
    const { orphaned, since: next } = yield* commonBlock(target)
    if (orphaned > 0) {
      yield* Effect.logWarning("blocks are no longer part of the chain", { chain: chain.id, from: read.at(-1)?.number ?? 0, orphaned })
      for (const { instrument } of sources) emit(instrument, EventKind.withdrawn, [now()])
    }
    const last = read.at(-1)
    if (last !== undefined && target.number <= last.number) return undefined
    const since = Math.max(Math.min(next, target.number), target.number - catchUpBlocksMax)
    yield* Effect.forEach(sources, ({ instrument, source }) => readOne(source, instrument, target, since), {
      concurrency: readsAtOnce,
      discard: true
    })
    read.push({ number: target.number, hash: target.hash })
    if (read.length > rememberedMax) read = read.slice(-rememberedMax / 2)
    return target
  })

  /** A source that cannot be read is left out of this step; a chain that does not answer fails the step. */
  const readOne = (source: ChainSource, instrument: number, at: BlockRef, since: number): Effect.Effect<void, ChainUnavailable> =>
    chain.read(source, at, since).pipe(
      Effect.map((reading) => {
        emit(instrument, ...eventOf(source, reading, at.time))
      }),
      Effect.catchTag("SourceUnreadable", ({ problem }) =>
        Effect.logWarning("a source cannot be read", { chain: chain.id, source: sourceName(source), problem })
      )
    )

  return {
    /** Continues after a block that was read before a restart. */
    resume: (block: { readonly number: number; readonly hash: string }) => {
      read = [block]
    },
    /** Reads the sources once, if there is a new block; that block. */
    step
  }
})

const eventOf = (source: ChainSource, reading: Reading, time: number): readonly [EventKind, ReadonlyArray<number>] => {
  switch (reading._tag) {
    case "Pool":
      return [EventKind.pool, [time, reading.price, reading.imbalance, reading.sellDepth, reading.buyDepth, reading.averagePrice]]
    case "Supply":
      return [EventKind.supply, [time, reading.supply, reading.minted, reading.burned]]
    case "Feed":
      return [EventKind.oracle, [reading.updatedAt, reading.price, ...promiseOf(source)]]
    case "Gas":
      return [EventKind.gas, [time, reading.price]]
  }
}

/** How far a feed lets the price move without a round, bps, and how long it may be silent, ms. */
const promiseOf = (source: ChainSource): ReadonlyArray<number> => {
  if (source._tag !== "PriceFeed") return []
  const { deviationBps = feedDefaults.deviationBps, heartbeatSeconds = feedDefaults.heartbeatSeconds } = source
  return [deviationBps, heartbeatSeconds * 1000]
}
