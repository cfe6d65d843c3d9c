/** A level change for tests, usual but for what is said. */
import type { LevelChange } from "@evenkeel/domain/risk/RiskLevel"

export const levelChange = (over: Partial<LevelChange> = {}): LevelChange => ({
  time: 0,
  coin: "USDC",
  level: "warning",
  previous: "normal",
  kind: "break",
  fairValue: 0.99,
  errorBps: 1,
  deviationBps: -100,
  venues: { agree: ["kraken"], differ: [], own: [] },
  evidence: {
    baselineBps: -1.5,
    beyond: { bars: 2, bps: 50 },
    fast: null,
    flow: null,
    carrier: null,
    grounded: true,
    share: null,
    model: null,
    drivers: [{ name: "deviation_bps", value: -100, share: 1 }]
  },
  ...over
})
