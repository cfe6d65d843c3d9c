/** All of alerting as one layer: from the log to the receivers. */
import { Layer } from "effect"
import type { RiskLevel } from "@evenkeel/domain/risk/RiskLevel"
import { AlertSettings } from "./AlertSettings.ts"
import { Dispatcher } from "./dispatch/Dispatcher.ts"
import { GroupTable } from "./group/GroupTable.ts"
import { Notifier } from "./group/Notifier.ts"
import { Acknowledging } from "./manager/Acknowledging.ts"
import { AlertManager } from "./manager/AlertManager.ts"
import { AlertTable } from "./manager/AlertTable.ts"
import { Attention } from "./manager/Attention.ts"
import { layerCloseSimulated } from "./manager/CloseSimulated.ts"
import { SilenceTable } from "./mute/SilenceTable.ts"
import { Silencing } from "./mute/Silencing.ts"
import { alertPolicyDefaults, type AlertPolicyOptions } from "./route/AlertPolicy.ts"
import type { RuleOptions } from "./rule/Rule.ts"
import { RuleWatch } from "./rule/RuleWatch.ts"
import { Signals } from "./rule/Signals.ts"

export interface AlertingOptions {
  /** Tells this engine's claims on notifications from those of others on the same database. */
  readonly owner: string
  /** Changes below this level open no alert; `warning` when left out. */
  readonly minimumLevel?: RiskLevel
  /** Who is told what, and when; every receiver of every change at once when left out. */
  readonly policy?: AlertPolicyOptions
  /** Alerts beside those of the coins' levels; none when left out. They see what is published to `Signals`. */
  readonly rules?: ReadonlyArray<RuleOptions>
  /** The market is made up: every alert says so. Whatever it is, alerts that a made-up one has left firing are closed at the start. */
  readonly simulated?: boolean
}

/** The read models of alerts, groups and silences. */
export const layerAlertTables = Layer.mergeAll(AlertTable.layer, GroupTable.layer, SilenceTable.layer)

/** Needs the store's log and outbox, and `Receivers`. */
export const layerAlerting = ({
  minimumLevel = "warning",
  owner,
  policy = alertPolicyDefaults,
  rules = [],
  simulated = false
}: AlertingOptions) =>
  Layer.mergeAll(AlertManager.layer({ simulated }), Silencing.layer, RuleWatch.layer({ owner, simulated })).pipe(
    Layer.provideMerge(layerCloseSimulated({ owner, simulated })),
    Layer.provideMerge(Notifier.layer),
    Layer.provideMerge(Layer.mergeAll(Dispatcher.layer({ owner }), AlertSettings.layer({ minimumLevel, policy, rules }), Signals.layer)),
    Layer.provideMerge(Attention.layer),
    Layer.provideMerge(Acknowledging.layer),
    Layer.provideMerge(layerAlertTables)
  )
