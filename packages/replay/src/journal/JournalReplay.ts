/** Plays a journal's frames through the hot path, with the venues' decoders, to the same bits as when they came. */
import { decoders } from "@evenkeel/connectors/exchange/Decoders"
import type { FrameDecoderFactory } from "@evenkeel/domain/market/FrameDecoder"
import type { LevelChange } from "@evenkeel/domain/risk/RiskLevel"
import { frameOffsets } from "@evenkeel/runtime/ring/FrameRing"
import { type Block, framesOf, type JournalManifest } from "@evenkeel/store/journal/JournalFormat"
import type { JournalSegment } from "@evenkeel/store/journal/JournalReader"
import { LocalHotPath, viewOf } from "@evenkeel/detection/host/LocalHotPath"

const factories: Readonly<Record<string, FrameDecoderFactory>> = decoders

const localOf = (manifest: JournalManifest, models: WebAssembly.Memory | undefined) =>
  new LocalHotPath(
    {
      coins: manifest.coins,
      instruments: manifest.instruments,
      spareInstruments: manifest.spareInstruments ?? 0,
      venues: manifest.venues.map((id) => ({ id, decoder: factories[id] })),
      barMillis: manifest.barMillis,
      ...(manifest.staleAfterMillis === undefined ? {} : { staleAfterMillis: manifest.staleAfterMillis }),
      scoreGapMillis: Number.POSITIVE_INFINITY
    },
    models
  )

export class JournalReplay {
  readonly local: LocalHotPath
  readonly #blocks: ReadonlyArray<Block>
  #block = 0

  /** `models` holds the model that predicts at each bar's close, see `ModelPublisher`. */
  constructor(segment: JournalSegment, models?: WebAssembly.Memory) {
    this.local = localOf(segment.manifest, models)
    this.#blocks = segment.blocks
  }

  nextTime(): number | undefined {
    return this.#blocks[this.#block]?.firstReceived
  }

  /** Feeds one block; returns how many frames it held, 0 at the end. */
  feed(onChange: (change: LevelChange) => void): number {
    const block = this.#blocks[this.#block++]
    if (block === undefined) {
      this.local.hotPath.finish()
      this.local.signals({ levelChange: onChange })
      return 0
    }
    const bytes = framesOf(block)
    const view = viewOf(bytes.buffer)
    let frames = 0
    for (let at = 0; at + frameOffsets.payload <= bytes.length; at += view.int32[at >> 2]!) {
      if (view.int32[at >> 2]! <= 0) break
      this.local.hotPath.process(view, at)
      this.local.signals({ levelChange: onChange })
      frames++
    }
    return frames
  }
}
