/** The memory that the engine's two threads share, all of it. */
import { allocateFrameRing } from "@evenkeel/runtime/ring/FrameRing"
import type { WaitStrategy } from "@evenkeel/runtime/ring/RingHeader"
import { allocateSpscRing } from "@evenkeel/runtime/ring/SpscRing"
import { allocateStateTable } from "@evenkeel/runtime/ring/StateTable"
import { allocateHistogram } from "@evenkeel/runtime/telemetry/Histogram"
import { featureRow } from "../feature/coin/CoinFeatures.ts"
import { counterCount, type HotPathOptions } from "../hotpath/HotPath.ts"
import { allocateModelMemory } from "../model/ModelMemory.ts"
import { signalBytes, stateFields } from "../hotpath/SignalRecord.ts"

export interface HotPathMemory {
  readonly frames: SharedArrayBuffer
  readonly signals: SharedArrayBuffer
  readonly state: SharedArrayBuffer
  readonly counters: SharedArrayBuffer
  /** From a frame's publication to its score, ns. */
  readonly latency: SharedArrayBuffer
  /** Each coin's features at its last bar's close; see `featureRow`. */
  readonly features: SharedArrayBuffer
  /** The model that serves; none is published at first. */
  readonly models: WebAssembly.Memory
}

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
  counters: new SharedArrayBuffer(Math.max(1, options.venues) * counterCount * 4),
  latency: allocateHistogram(),
  features: allocateStateTable(options.coins, featureRow),
  models: allocateModelMemory()
})

/** What the worker is given. Decoders cannot cross threads: it finds them by the venues' ids. */
export interface HotPathWorkerData {
  readonly memory: HotPathMemory
  readonly options: Omit<HotPathOptions, "venues"> & { readonly venueIds: ReadonlyArray<string> }
  readonly wait: WaitStrategy
  /** `hrtime.bigint()` at the process's start. */
  readonly origin: bigint
  /** After a crash: the frame that caused it is not tried again. */
  readonly skipFrame: boolean
}
