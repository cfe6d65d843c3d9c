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
import { SilenceTable } from "./mute/SilenceTable.ts"
import { Silencing } from "./mute/Silencing.ts"
import { alertPolicyDefaults, type AlertPolicyOptions } from "./route/AlertPolicy.ts"

export interface AlertingOptions {
  /** Tells this engine's claims on notifications from those of others on the same database. */
  readonly owner: string
  /** Changes below this level open no alert; `warning` when left out. */
  readonly minimumLevel?: RiskLevel
  /** Who is told what, and when; every receiver of every change at once when left out. */
  readonly policy?: AlertPolicyOptions
  /** The market is made up: every notification says so. */
  readonly simulated?: boolean
}

/** The read models of alerts, groups and silences. */
export const layerAlertTables = Layer.mergeAll(AlertTable.layer, GroupTable.layer, SilenceTable.layer)

/** Needs the store's log and outbox, and `Receivers`. */
export const layerAlerting = ({ minimumLevel = "warning", owner, policy = alertPolicyDefaults, simulated = false }: AlertingOptions) =>
  Layer.merge(AlertManager.layer, Silencing.layer).pipe(
    Layer.provideMerge(Notifier.layer({ simulated })),
    Layer.provideMerge(Layer.merge(Dispatcher.layer({ owner }), AlertSettings.layer({ minimumLevel, policy }))),
    Layer.provideMerge(Acknowledging.layer),
    Layer.provideMerge(layerAlertTables)
  )
