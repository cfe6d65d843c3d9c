/** What of alerting can be changed while it runs: which changes open alerts, and who is told. Whoever needs it asks each time. */
import { Context, Effect, Layer } from "effect"
import type { RiskLevel } from "@evenkeel/domain/risk/RiskLevel"
import type { AlertPolicyOptions } from "./route/AlertPolicy.ts"
import type { RuleOptions } from "./rule/Rule.ts"

export interface AlertSettingsOptions {
  /** Changes below this level open no alert. */
  readonly minimumLevel: RiskLevel
  readonly policy: AlertPolicyOptions
  /** Alerts that people define themselves. */
  readonly rules: ReadonlyArray<RuleOptions>
}

export class AlertSettings extends Context.Service<
  AlertSettings,
  {
    readonly current: () => AlertSettingsOptions
    /** Holds from the next change of a level, and for groups within a second. */
    readonly set: (settings: AlertSettingsOptions) => Effect.Effect<void>
  }
>()("@evenkeel/alerting/AlertSettings") {
  static readonly layer = (initial: AlertSettingsOptions) =>
    Layer.sync(AlertSettings, () => {
      let settings = initial
      return AlertSettings.of({
        current: () => settings,
        set: (next) =>
          Effect.sync(() => {
            settings = next
          })
      })
    })
}
