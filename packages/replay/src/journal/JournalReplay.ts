/** Plays a journal's frames through the hot path, with the venues' decoders, to the same bits as when they came. */
import { decoders } from "@evenkeel/connectors/exchange/Decoders"
import { LocalHotPath, viewOf } from "@evenkeel/detection/host/LocalHotPath"
import type { HotPathOptions } from "@evenkeel/detection/hotpath/HotPath"
import type { FrameDecoderFactory } from "@evenkeel/domain/market/FrameDecoder"
import type { LevelChange } from "@evenkeel/domain/risk/RiskLevel"
import type { KernelMemory } from "@evenkeel/learning/kernels/Kernels"
import { frameOffsets } from "@evenkeel/runtime/ring/FrameRing"
import { type Block, framesOf, type JournalManifest } from "@evenkeel/store/journal/JournalFormat"
import type { JournalSegment } from "@evenkeel/store/journal/JournalReader"
import { playSteps, type RecordedMarket } from "../market/RecordedMarket.ts"

const factories: Readonly<Record<string, FrameDecoderFactory>> = decoders

const optionsOf = (manifest: JournalManifest): HotPathOptions => ({
  coins: manifest.coins,
  instruments: manifest.instruments,
  spareInstruments: manifest.spareInstruments ?? 0,
  venues: manifest.venues.map((id) => ({ id, decoder: factories[id] })),
  bridges: manifest.bridges ?? [],
  barMillis: manifest.barMillis,
  ...(manifest.staleAfterMillis === undefined ? {} : { staleAfterMillis: manifest.staleAfterMillis }),
  scoreGapMillis: Number.POSITIVE_INFINITY
})

const noFrames = viewOf(new ArrayBuffer(0))

export class JournalReplay implements RecordedMarket {
  readonly local: LocalHotPath
  readonly options: HotPathOptions
  readonly models: KernelMemory | undefined
  #blocks: ReadonlyArray<Block>
  #nextBlock = 0
  /** The frames of the block in hand, and where the next one begins. */
  #frames = noFrames
  #at = 0

  /** `models` holds the model that predicts at each bar's close, see `ModelPublisher`. */
  constructor(segment: JournalSegment, models?: KernelMemory) {
    this.options = optionsOf(segment.manifest)
    this.models = models
    this.local = new LocalHotPath(this.options, models)
    this.#blocks = segment.blocks
  }

  /** Goes on with the next segment of the same run, once all that came before it is played. */
  follow({ blocks }: JournalSegment): void {
    this.#blocks = blocks
    this.#nextBlock = 0
  }

  nextTime(): number | undefined {
    return this.#open() ? this.#frames.float64[(this.#at + frameOffsets.received) >> 3] : undefined
  }

  step(): boolean {
    if (!this.#open()) return false
    const at = this.#at
    this.#at += this.#frames.int32[at >> 2]!
    this.local.hotPath.process(this.#frames, at)
    return true
  }

  /** Plays at most `frames` frames; returns how many there were. At the end the last bar closes. */
  feed(frames: number, onChange: (change: LevelChange) => void): number {
    return playSteps(this, frames, onChange)
  }

  /** Makes sure that a frame is in hand: unpacks the next block where one has ended. False at the end. */
  #open(): boolean {
    while (!this.#isFrame()) {
      const block = this.#blocks[this.#nextBlock]
      if (block === undefined) return false
      this.#nextBlock++
      this.#frames = viewOf(framesOf(block).buffer)
      this.#at = 0
    }
    return true
  }

  /** Whether a whole frame begins where the replay stands: what a damaged block claims is not believed. */
  #isFrame(): boolean {
    const at = this.#at
    const { bytes, int32 } = this.#frames
    if (at + frameOffsets.payload > bytes.length) return false
    const length = int32[at >> 2]!
    const payload = int32[(at + frameOffsets.payloadBytes) >> 2]!
    return (
      length >= frameOffsets.payload &&
      (length & 7) === 0 &&
      at + length <= bytes.length &&
      payload >= 0 &&
      frameOffsets.payload + payload <= length
    )
  }
}
