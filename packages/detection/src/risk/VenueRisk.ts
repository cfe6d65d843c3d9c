/**
 * How much those should worry who trade a coin on one venue, by that venue's own price.
 *
 * A coin's own level asks what the coin is worth; one venue may be far from that while the coin is sound. The rules are the plain ones of a
 * break: bars in a row beyond 20 bps below the peg are a `warning`, beyond 50 bps `critical`, and a level is left after an hour inside half of its
 * distance.
 */
import { severity } from "@evenkeel/domain/risk/RiskLevel"
import { barsToConfirm, Confirmation } from "../detector/Confirmation.ts"
import { riskThresholds } from "./RiskMachine.ts"

const hour = 3_600_000
const warning = severity("warning")
const critical = severity("critical")

export class VenueRisk {
  /** Severity: 0, or that of `watch`, `warning` or `critical`. */
  level = 0
  /** The coin's value by this venue alone against its peg, bps; NaN before the first bar. */
  deviationBps = Number.NaN
  private readonly stress = new Confirmation()
  private readonly broken = new Confirmation()
  private quietSince = Number.NaN

  /** The venue has fallen silent: what it said last is not so any more. */
  reset(): void {
    this.level = 0
    this.quietSince = Number.NaN
  }

  /** Takes in a traded bar. */
  update(close: number, deviationBps: number, barMillis: number): void {
    this.deviationBps = deviationBps
    const bars = barsToConfirm(barMillis)
    const { breakBps, stressBps } = riskThresholds
    const stressed = this.stress.update(close, Math.min(0, deviationBps), stressBps, barMillis) >= bars
    const broke = this.broken.update(close, Math.min(0, deviationBps), breakBps, barMillis) >= bars
    const asked = broke ? critical : stressed ? warning : 0
    const inside = -deviationBps < (this.level === critical ? breakBps : stressBps) / 2
    if (asked >= this.level || !inside) {
      this.level = Math.max(asked, this.level)
      this.quietSince = Number.NaN
      return
    }
    if (Number.isNaN(this.quietSince)) this.quietSince = close
    if (close - this.quietSince < hour) return
    this.level = asked
    this.quietSince = Number.NaN
  }
}
