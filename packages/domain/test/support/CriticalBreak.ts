/** A critical break of USDC for tests, of which nothing more is known. */
import type { LevelChange } from "../../src/risk/RiskLevel.ts"

export const criticalBreak: LevelChange = {
  time: 0,
  coin: "USDC",
  level: "critical",
  previous: "normal",
  kind: "break",
  fairValue: 0.98,
  errorBps: 1,
  deviationBps: -200,
  venues: { agree: [], differ: [], own: [] },
  evidence: {
    baselineBps: null,
    beyond: null,
    fast: null,
    flow: null,
    carrier: null,
    grounded: true,
    share: null,
    model: null,
    drivers: []
  }
}
