/**
 * The hot path in the caller's own thread, fed frame by frame and read in place: for replays, tests and engines of one's own.
 *
 * Nothing else differs from the one that serves live.
 */
import { counterBytes } from "../hotpath/Counters.ts"
import { HotPath, type HotPathOptions } from "../hotpath/HotPath.ts"
import type { FrameView } from "../hotpath/Intake.ts"
import { readLevelChange } from "../hotpath/LevelChanges.ts"
import type { SignalWriter } from "../hotpath/Signals.ts"
import { signalBytes, signalIntegers, SignalKind, stateFields } from "../hotpath/SignalRecord.ts"
import type { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { staleReasons } from "@evenkeel/domain/market/MarketRecord"
import type { LevelChange } from "@evenkeel/domain/risk/RiskLevel"
import type { KernelMemory } from "@evenkeel/learning/kernels/Kernels"
import { frameHeaderBytes, frameOffsets } from "@evenkeel/runtime/ring/FrameRing"
import { allocateStateTable, StateTable } from "@evenkeel/runtime/ring/StateTable"

/** Signals of one frame; they are read before the next. */
const signalSlots = 1024

/** A hot path whose signals are read in place: for replays and tests. */
export class LocalHotPath {
  readonly hotPath: HotPath
  readonly state: StateTable
  readonly counters: Uint32Array
  readonly #options: HotPathOptions
  readonly #signals: SignalWriter
  readonly #venues: ReadonlyArray<string>
  #view = viewOf(new ArrayBuffer(1 << 12))
  /** Signals that were read, and that there are. */
  #taken = 0
  #count = 0

  constructor(options: HotPathOptions, models?: KernelMemory) {
    const buffer = new ArrayBuffer(signalSlots * signalBytes)
    this.#options = options
    this.#venues = options.venues.map(({ id }) => id)
    this.#signals = {
      float64: new Float64Array(buffer),
      int32: new Int32Array(buffer),
      bytes: new Uint8Array(buffer),
      claim: () => (this.#count === signalSlots ? -1 : this.#count * signalBytes),
      commit: () => {
        this.#count++
      }
    }
    const rows = options.coins.length + options.instruments.length + (options.spareInstruments ?? 0)
    this.state = new StateTable(allocateStateTable(rows, stateFields), stateFields)
    this.counters = new Uint32Array(counterBytes(options.venues.length) / 4)
    this.hotPath = new HotPath(options, this.state, this.#signals, this.counters, () => 0, models)
  }

  /** The frame that was fed last, as it would lie in the ring. */
  get frame(): Uint8Array {
    return this.#view.bytes
  }

  /** Room for one frame of `payload` bytes, its two lengths written, where `process` finds it. */
  claim(payload: number): FrameView {
    const length = (frameHeaderBytes + payload + 7) & ~7
    const need = length + 8
    if (need > this.#view.bytes.length) this.#view = viewOf(new ArrayBuffer(2 ** Math.ceil(Math.log2(need))))
    this.#view.int32[0] = length
    this.#view.int32[frameOffsets.payloadBytes >> 2] = payload
    return this.#view
  }

  /** Judges the frame that was written where `claim` said. */
  process(): void {
    this.hotPath.process(this.#view, 0)
  }

  /** Hands one frame to the hot path, laid out as it would lie in the ring; how long it is there. */
  feed({ connection = 0, instrument = -1, payload, received, source, venue }: LocalFrame): number {
    const { bytes, float64, int32, uint16 } = this.claim(payload.length)
    bytes[frameOffsets.source] = source
    bytes[frameOffsets.venue] = venue
    uint16[frameOffsets.connection >> 1] = connection
    int32[frameOffsets.instrument >> 2] = instrument
    float64[frameOffsets.received >> 3] = received
    bytes.set(payload, frameOffsets.payload)
    this.process()
    return int32[0]!
  }

  /** Where signal records lie. */
  get signalView(): SignalWriter {
    return this.#signals
  }

  /** Hands over each record's byte offset until `accept` answers false; that one is first in line the next time. */
  take(accept: (offset: number) => boolean): void {
    while (this.#taken < this.#count && accept(this.#taken * signalBytes)) this.#taken++
    if (this.#taken === this.#count) this.#taken = this.#count = 0
  }

  /** Hands over what was signalled since the last call. */
  signals(handlers: LocalHandlers): void {
    if (this.#count === 0) return
    const { float64, int32 } = this.#signals
    this.take((at) => {
      const integer = (index: number) => int32[(at >> 2) + index]!
      if (integer(signalIntegers.kind) === SignalKind.levelChange) {
        handlers.levelChange?.(readLevelChange(float64, int32, at, this.#options.coins, this.#venues, this.#options.bridges))
      } else if (integer(signalIntegers.kind) === SignalKind.resync) {
        handlers.resync?.(integer(signalIntegers.instrument), staleReasons[integer(signalIntegers.reason)] ?? "none")
      } else if (integer(signalIntegers.kind) === SignalKind.refusal) handlers.refusal?.(integer(signalIntegers.reason))
      return true
    })
  }
}

/** A frame of one's own making. `venue` is a position in the options' venues. */
export interface LocalFrame {
  readonly source: FrameSource
  readonly venue: number
  readonly connection?: number
  readonly instrument?: number
  /** Unix ms. */
  readonly received: number
  readonly payload: Uint8Array
}

export const viewOf = (buffer: ArrayBufferLike): FrameView => ({
  bytes: new Uint8Array(buffer),
  int32: new Int32Array(buffer),
  float64: new Float64Array(buffer),
  uint16: new Uint16Array(buffer)
})

export interface LocalHandlers {
  readonly levelChange?: (change: LevelChange) => void
  readonly resync?: (instrument: number, reason: string) => void
  readonly refusal?: (outcome: number) => void
}
