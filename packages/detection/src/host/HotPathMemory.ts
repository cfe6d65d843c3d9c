/** The memory that the engine's two threads share, all of it, and what the hot path's thread is started with. */
import type { StandingLevel } from "@evenkeel/domain/risk/RiskLevel"
import type { KernelMemory } from "@evenkeel/learning/kernels/Kernels"
import { allocateFrameRing } from "@evenkeel/runtime/ring/FrameRing"
import type { WaitStrategy } from "@evenkeel/runtime/ring/RingHeader"
import { allocateSpscRing } from "@evenkeel/runtime/ring/SpscRing"
import { allocateStateTable } from "@evenkeel/runtime/ring/StateTable"
import { allocateHistogram } from "@evenkeel/runtime/telemetry/Histogram"
import { featureRow } from "../feature/coin/CoinFeatures.ts"
import { counterBytes } from "../hotpath/Counters.ts"
import type { HotPathOptions } from "../hotpath/HotPath.ts"
import { signalBytes, stateFields } from "../hotpath/SignalRecord.ts"
import { allocateStages, type StageMemory } from "../hotpath/Stages.ts"
import { allocateModelMemory } from "../model/ModelMemory.ts"

export interface HotPathMemory {
  readonly frames: SharedArrayBuffer
  readonly signals: SharedArrayBuffer
  readonly state: SharedArrayBuffer
  readonly counters: SharedArrayBuffer
  /** From a frame's publication to its score, ns. */
  readonly latency: SharedArrayBuffer
  /** How long each part of the work takes, ns. */
  readonly stages: StageMemory
  /** Each coin's features at its last bar's close; see `featureRow`. */
  readonly features: SharedArrayBuffer
  /** See `control`. */
  readonly control: SharedArrayBuffer
  /** The model that serves; none is published at first. */
  readonly models: KernelMemory
}

/** Int32 index in `HotPathMemory.control`. */
export const control = {
  /** Grows with each turn of the thread's loop, frames or not: a thread that hangs is one whose beats stand still. */
  beats: 0,
  /** 1 asks the thread for a checkpoint; it sets it back to 0 and posts the checkpoint's bytes. */
  checkpointAsked: 1,
  /** 1 once the loop runs. */
  ready: 2
} as const
const controlBytes = 64
/** Where the nanoseconds lie that the thread has spent on frames: one float64. */
const busyAt = 32
export const busyNanosOf = (memory: HotPathMemory): Float64Array => new Float64Array(memory.control, busyAt, 1)

export const allocateHotPathMemory = (options: {
  readonly coins: number
  readonly instruments: number
  readonly venues: number
  readonly framesBytes: number
  readonly signalSlots: number
}): HotPathMemory => ({
  frames: allocateFrameRing(options.framesBytes),
  signals: allocateSpscRing(options.signalSlots, signalBytes),
  state: allocateStateTable(options.coins + options.instruments, stateFields),
  counters: new SharedArrayBuffer(counterBytes(options.venues)),
  latency: allocateHistogram(),
  stages: allocateStages(),
  features: allocateStateTable(options.coins, featureRow),
  control: new SharedArrayBuffer(controlBytes),
  models: allocateModelMemory()
})

/** A source of frames as the thread knows it: code cannot cross threads, so its decoder is named by its module. */
export interface ThreadVenue {
  readonly id: string
  /** URL of the module and the name of the `FrameDecoderFactory` that it exports; undefined where only events come. */
  readonly decoder: { readonly module: string; readonly export: string } | undefined
}

/** What the thread is given. */
export interface HotPathWorkerData {
  readonly memory: HotPathMemory
  readonly options: Omit<HotPathOptions, "venues">
  /** By wire number. */
  readonly venues: ReadonlyArray<ThreadVenue>
  readonly wait: WaitStrategy
  /** `hrtime.bigint()` at the process's start. */
  readonly origin: bigint
  /** After a crash: the frame that caused it is not tried again. */
  readonly skipFrame: boolean
  /** After a crash: the levels that stood. Otherwise they come as a frame, behind what is replayed. */
  readonly levels: ReadonlyArray<StandingLevel>
  /** At the first start: no change of a level is reported before the levels have come, or market time is this. */
  readonly quietUntil: number
  /** What the detectors had learned; see `Checkpoint`. */
  readonly checkpoint: Uint8Array | undefined
}
