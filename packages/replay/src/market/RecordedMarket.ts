/**
 * A recorded market in a hot path of the caller's thread: price files, a journal or a capture, played step by step.
 *
 * A step is what became known together: one row, one frame, one REST snapshot. The recording decides the order, so a replay can be repeated.
 */
import type { LocalDetectionOptions } from "@evenkeel/detection/host/LocalDetection"
import type { LocalHotPath } from "@evenkeel/detection/host/LocalHotPath"
import type { LevelChange } from "@evenkeel/domain/risk/RiskLevel"
import type { KernelMemory } from "@evenkeel/learning/kernels/Kernels"

export interface RecordedMarket {
  readonly local: LocalHotPath
  /** What the hot path watches. */
  readonly options: Pick<LocalDetectionOptions, "bridges" | "coins" | "instruments" | "venues">
  /** Where the hot path finds its model. */
  readonly models: KernelMemory | undefined
  /** When the next step became known, Unix ms; undefined at the end. */
  readonly nextTime: () => number | undefined
  /** Plays one step; false at the end. Its signals must be read before the next. */
  readonly step: () => boolean
}

/**
 * Plays at most `steps` steps and hands over the level changes; returns how many steps there were. At the end of the recording the last bar
 * closes.
 */
export const playSteps = (market: RecordedMarket, steps: number, onChange: (change: LevelChange) => void): number => {
  const handlers = { levelChange: onChange }
  for (let played = 0; played < steps; played++) {
    if (!market.step()) {
      market.local.hotPath.finish()
      market.local.signals(handlers)
      return played
    }
    market.local.signals(handlers)
  }
  return steps
}
