/** A level change for tests, usual but for what is said. */
import type { LevelChange } from "@evenkeel/domain/risk/RiskLevel"
import { criticalBreak } from "../../../domain/test/support/CriticalBreak.ts"

export const levelChange = (over: Partial<LevelChange> = {}): LevelChange => ({
  ...criticalBreak,
  level: "warning",
  fairValue: 0.99,
  deviationBps: -100,
  venues: { agree: ["kraken"], differ: [], own: [] },
  evidence: {
    ...criticalBreak.evidence,
    baselineBps: -1.5,
    beyond: { bars: 2, bps: 50 },
    drivers: [{ name: "deviation_bps", value: -100, share: 1 }]
  },
  ...over
})
