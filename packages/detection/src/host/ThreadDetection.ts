/**
 * Detection in a thread of its own: starts it, watches its beats, starts it anew when it dies or hangs, and reads what it says.
 *
 * What the detectors learned outlives the thread: a checkpoint is taken every few seconds and handed to the next one, together with the levels that
 * stood when the last one died, so that no level falls back without a fact. Build it above the recorder and below the connectors: on
 * shutdown the connectors stop first, then what they had sent is judged, then its changes are recorded.
 */
import type { Coin } from "@evenkeel/domain/coin/Coin"
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { FrameProducer } from "@evenkeel/runtime/ring/FrameRing"
import { Frames } from "@evenkeel/runtime/ring/Frames"
import type { WaitStrategy } from "@evenkeel/runtime/ring/RingHeader"
import { closeRing } from "@evenkeel/runtime/ring/RingHeader"
import { consumeRecords } from "@evenkeel/runtime/ring/RingWait"
import { SpscConsumer } from "@evenkeel/runtime/ring/SpscRing"
import { StateTable } from "@evenkeel/runtime/ring/StateTable"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { Histogram } from "@evenkeel/runtime/telemetry/Histogram"
import { MarketClock } from "@evenkeel/runtime/time/MarketClock"
import { ProcessNanoclock } from "@evenkeel/runtime/time/Nanoclock"
import { ThreadProfiles } from "@evenkeel/runtime/worker/ThreadProfiles"
import { statementHangsAfter } from "@evenkeel/store/database/DatabaseProblem"
import { Context, DateTime, Effect, type FileSystem, Layer, Queue, Schema } from "effect"
import { featureRow } from "../feature/coin/CoinFeatures.ts"
import { checkpointTime } from "../hotpath/Checkpoint.ts"
import { Counters, engineCounters } from "../hotpath/Counters.ts"
import { signalBytes } from "../hotpath/SignalRecord.ts"
import { stageHistograms } from "../hotpath/Stages.ts"
import { CheckpointStore } from "./CheckpointStore.ts"
import { Detection } from "./Detection.ts"
import { allocateHotPathMemory, busyNanosOf, control, type HotPathWorkerData, type ThreadVenue } from "./HotPathMemory.ts"
import { HotPathThreads } from "./HotPathThreads.ts"
import { LevelRecorder } from "./LevelRecorder.ts"
import { makeSignalReader } from "./SignalReader.ts"
import { States } from "./States.ts"
import { writeFrames, writeLevels } from "./WarmStart.ts"

export interface ThreadDetectionOptions {
  readonly coins: ReadonlyArray<Coin>
  readonly instruments: ReadonlyArray<Instrument>
  /** Places kept free behind them for pairs that are listed while running. */
  readonly spareInstruments: number
  /** See `HotPathOptions`. */
  readonly bridges?: ReadonlyArray<string>
  /** By wire number. */
  readonly venues: ReadonlyArray<ThreadVenue>
  /** Length of the bars on which levels are decided. */
  readonly barMillis: number
  /** Two scores of one coin are at least this far apart; 0 scores every tick. */
  readonly scoreGapMillis: number
  /** A coin without a price for so long is `stale`. */
  readonly staleAfterMillis: number
  /** Frame records that came after a time, as bytes; read once, after a checkpoint was taken up. */
  readonly tail?: (after: number) => Effect.Effect<ReadonlyArray<Uint8Array>, never, FileSystem.FileSystem>
  /** Size of the frames ring, a power of two. */
  readonly framesBytes: number
  readonly wait: WaitStrategy
}

/** The thread died of an error, or stopped taking frames. */
export class HotPathDied extends Schema.TaggedError<HotPathDied>()("HotPathDied", { problem: Schema.String }) {
  override get message() {
    return `the hot path's thread ${this.problem}`
  }
}

const component = "hot-path"
const signalSlots = 1 << 12
const watchEvery = "400 millis"
/** A thread whose beats stood still over so many looks is said to hang, and one look later is replaced. Looks are counted, and not time: a machine that sleeps wakes no looks. */
const saidAfterLooks = 4
const hungAfterLooks = 5
/** Loading decoders and compiling takes this many looks at most on a busy machine. */
const startLooksMax = 150
/** Handing records on takes no time. */
const readerHangsAfter = "5 seconds"
/** Between two checkpoints: what a thread that dies had learned since the last one is lost. */
const checkpointEvery = "10 seconds"
/** One checkpoint in so many is stored; the journal's tail has what an engine that is killed had learned since. */
const checkpointsToStore = 6
const drainWithin = "3 seconds"
/** The journal's tail is played within, and the log's levels come behind it. Should they not, changes are reported all the same. */
const quietMillisMax = 60_000
/** What is kept from a run before may be so far ahead of the clock: clocks are set by as much. */
const aheadMillisMax = 60_000

export const layerThread = (options: ThreadDetectionOptions) => Layer.effectContext(makeThreadDetection(options))

const makeThreadDetection = Effect.fnUntraced(function* (options: ThreadDetectionOptions) {
  const { bridges = [], coins, instruments, venues } = options
  const supervisor = yield* Supervisor
  const health = yield* HealthRegistry
  const checkpoints = yield* CheckpointStore
  const recorder = yield* LevelRecorder
  const clock = yield* ProcessNanoclock
  const startThread = yield* HotPathThreads
  const profiled = yield* ThreadProfiles
  const { origin } = clock
  const memory = allocateHotPathMemory({
    coins: coins.length,
    instruments: instruments.length + options.spareInstruments,
    venues: venues.length,
    framesBytes: options.framesBytes,
    signalSlots
  })
  const ids = venues.map(({ id }) => id)
  const shared = new Int32Array(memory.control)
  const states = new States(memory.state, coins, ids)
  const signals = new SpscConsumer(memory.signals, signalBytes)
  const restarts = yield* Queue.sliding<void>(1)
  const wallOrigin = wallNanosNow() - (process.hrtime.bigint() - origin)
  const reader = yield* makeSignalReader({
    signals,
    states,
    coins,
    venues: ids,
    bridges,
    instruments,
    wallNanos: (nanos) => wallOrigin + BigInt(Math.round(nanos)),
    nanosNow: () => clock.now()
  })

  const refused = yield* Queue.sliding<string>(1)
  const now = yield* MarketClock
  let checkpoint = yield* checkpoints.load
  const checkpointed = checkpoint === undefined ? undefined : checkpointTime(checkpoint)
  // Until its time has come again the hot path would take every frame for one that runs backwards.
  if (checkpoint !== undefined && !(checkpointed !== undefined && checkpointed < now() + aheadMillisMax)) {
    yield* Effect.logWarning("a checkpoint is not taken up, the detectors begin anew", {
      problem:
        checkpointed === undefined
          ? "it cannot be read"
          : `it is of ${DateTime.formatIso(DateTime.makeUnsafe(Math.round(checkpointed)))}, which is yet to come`
    })
    checkpoint = undefined
  }
  const standing = recorder.standing()
  let starts = 0
  let ended = false

  const live = Effect.callback<void, HotPathDied>((resume) => {
    const data: HotPathWorkerData = {
      memory,
      options: {
        coins,
        instruments,
        spareInstruments: options.spareInstruments,
        bridges,
        barMillis: options.barMillis,
        scoreGapMillis: options.scoreGapMillis,
        staleAfterMillis: options.staleAfterMillis
      },
      venues,
      wait: options.wait,
      origin,
      levels: starts > 0 ? recorder.standing() : [],
      quietUntil: now() + quietMillisMax,
      skipFrame: starts++ > 0,
      checkpoint
    }
    Atomics.store(shared, control.ready, 0)
    const terminate = startThread(data, {
      onCheckpoint: (taken) => {
        checkpoint = taken
      },
      onCheckpointRefused: (problem) => Queue.offerUnsafe(refused, problem),
      onError: (problem) => resume(new HotPathDied({ problem: `died: ${problem}` })),
      onThread: (thread) => profiled.set("hotpath", thread),
      onExit: (code) => {
        profiled.delete("hotpath")
        ended = code === 0
        // What it could not even begin with is not tried again.
        if (Atomics.load(shared, control.ready) !== 1) checkpoint = undefined
        resume(code === 0 ? Effect.void : new HotPathDied({ problem: `ended with exit code ${code}` }))
      }
    })
    return Effect.promise(terminate)
  })
  /** Fails once the thread's beats stand still. */
  const watch = Effect.gen(function* () {
    let beats = Atomics.load(shared, control.beats)
    let ready = false
    let quiet = 0
    for (;;) {
      yield* Effect.sleep(watchEvery)
      const seen = Atomics.load(shared, control.beats)
      const isReady = Atomics.load(shared, control.ready) === 1
      const alive = seen !== beats || isReady !== ready
      if (alive) health.beat(component)
      if (alive && quiet >= saidAfterLooks) yield* health.hangs(component, undefined)
      quiet = alive ? 0 : quiet + 1
      if (ready && quiet === saidAfterLooks) {
        yield* health.hangs(component, `its thread shows no life in ${quiet} looks, ${watchEvery} apart`)
        yield* Effect.logWarning("the hot path's thread hangs", { looks: quiet })
      }
      beats = seen
      ready = isReady
      if (quiet === (ready ? hungAfterLooks : startLooksMax))
        return yield* new HotPathDied({ problem: `showed no life in ${quiet} looks, ${watchEvery} apart` })
    }
  })
  const announce = Effect.suspend(() => (starts > 0 ? Effect.asVoid(Queue.offer(restarts, undefined)) : Effect.void))
  yield* supervisor.supervise(
    component,
    Effect.andThen(announce, Effect.raceFirst(live, watch).pipe(Effect.ensuring(Effect.suspend(() => health.hangs(component, undefined)))))
  )

  yield* supervisor.superviseBeating(
    "checkpoint-refusals",
    ({ waiting }) =>
      waiting(Queue.take(refused)).pipe(
        Effect.flatMap((problem) => Effect.logWarning("a checkpoint is not taken up, the detectors begin anew", { problem })),
        Effect.forever
      ),
    readerHangsAfter
  )
  yield* health.gauge(component, "signals_waiting", () => signals.size())
  yield* supervisor.superviseBeating("signals", (pulse) => consumeRecords(signals, reader.accept, { pulse }), readerHangsAfter)
  const askForCheckpoint = Effect.sync(() => Atomics.store(shared, control.checkpointAsked, 1))
  const saveCheckpoint = Effect.suspend(() => (checkpoint === undefined ? Effect.void : checkpoints.save(checkpoint)))
  yield* supervisor.superviseBeating(
    "checkpoint",
    ({ waiting }) =>
      waiting(Effect.sleep(checkpointEvery)).pipe(
        Effect.andThen(askForCheckpoint),
        Effect.repeat({ times: checkpointsToStore - 1 }),
        Effect.andThen(saveCheckpoint),
        Effect.forever
      ),
    statementHangsAfter
  )
  // Runs before the fibers are interrupted: what was accepted from venues is still judged, its changes are handed over, and what was learned is kept.
  yield* Effect.addFinalizer(() =>
    Effect.gen(function* () {
      closeRing(new Int32Array(memory.frames, 0, 128))
      yield* Effect.sleep("5 millis").pipe(Effect.repeat({ while: () => !ended || signals.peek() >= 0 }))
      yield* saveCheckpoint
    }).pipe(Effect.timeoutOption(drainWithin), Effect.asVoid)
  )

  const frames = new FrameProducer(memory.frames)
  if (checkpoint !== undefined && checkpointed !== undefined && options.tail !== undefined) {
    const blocks = yield* options.tail(checkpointed)
    const written = yield* Effect.forEach(blocks, (block) => writeFrames(frames, clock, block, now() + aheadMillisMax))
    yield* Effect.logInfo("the detectors go on where they were", {
      checkpoint: DateTime.formatIso(DateTime.makeUnsafe(Math.round(checkpointed))),
      framesSince: written.reduce((sum, count) => sum + count, 0)
    })
  }

  yield* writeLevels(frames, standing)

  const features = new StateTable(memory.features, featureRow)
  const busy = busyNanosOf(memory)
  const counters = new Counters(new Uint32Array(memory.counters), venues.length)
  const detection = Detection.of({
    coins,
    levels: reader.levels,
    values: reader.values,
    quotes: reader.quotes,
    coin: (index) => states.coin(index),
    instrument: (number) => states.instrument(number),
    features: (coin, target) => features.read(coin, target),
    models: memory.models,
    resyncs: reader.resyncs,
    refusals: reader.refusals,
    restarts,
    counter: (venue, counter) => counters.ofVenue(venue, counter),
    scoresDropped: () => counters.ofEngine(engineCounters.indexOf("scoresDropped")),
    latency: new Histogram(memory.latency),
    stages: stageHistograms(memory.stages),
    busyNanos: () => busy[0]!
  })
  return Context.make(Detection, detection).pipe(Context.add(Frames, frames))
})

const wallNanosNow = (): bigint => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6))
