/** Every kind of fact that the log can hold: of which family, who writes it, and what it says. docs/compliance.md has the same table, held to it by a test. */

export interface FactKind {
  readonly kind: string
  /** As it begins a stream's name; `insurance-*` for the family of each cover. */
  readonly family: string
  /** The module that appends it. */
  readonly writer: string
  readonly says: string
}

const fact = (kind: string, family: string, writer: string, says: string): FactKind => ({ kind, family, writer, says })

export const factKinds: ReadonlyArray<FactKind> = [
  fact("LevelChanged", "coin", "detection/host/LevelRecorder", "a coin's level changed, with its value and the evidence"),
  fact("AlertOpened", "alert", "alerting/manager/AlertManager", "an alert fires, and the level change behind it"),
  fact("AlertChanged", "alert", "alerting/manager/AlertManager", "it became worse or better"),
  fact("AlertResolved", "alert", "alerting/manager/AlertManager", "it is over, or somebody closed it"),
  fact("Notified", "notified", "alerting/group/Notifier", "what was promised to which receivers, why, and its digest"),
  fact("AlertAcknowledged", "acknowledgement", "alerting/manager/Acknowledging", "who looks at an alert, and what is done"),
  fact("SilenceSet", "silence", "alerting/mute/Silencing", "who set or ended a silence, for what, until when and why"),
  fact("RuleFired", "rule", "alerting/rule/RuleWatch", "a rule holds: of what, the value that it saw, and which engine says so"),
  fact("RuleCleared", "rule", "alerting/rule/RuleWatch", "a rule holds no more, or was changed or removed, and why"),
  fact("AlertsClosed", "operator", "app/command/Alerts", "who closed the alerts of a coin that nobody watches, and why"),
  fact("EngineStarted", "engine", "app/engine/EngineFacts", "a run begins: its settings without secrets, and their digest"),
  fact("EngineStopped", "engine", "app/engine/EngineFacts", "a run ended as it should, after so many seconds"),
  fact("EngineStopMissing", "engine", "app/engine/EngineFacts", "the run before has no end in the log: killed, or it still runs"),
  fact("ConfigurationChanged", "engine", "app/engine/EngineFacts", "a run began under other settings than the one before, and which"),
  fact("ConfigurationReloaded", "engine", "app/engine/Reload", "settings were taken up while it ran, and which wait for the next start"),
  fact("ConfigurationRefused", "engine", "app/engine/Reload", "a configuration was not valid, and why"),
  fact("ModelAdded", "model", "store/model/ModelRegistry", "a model entered the registry, with its hash"),
  fact("ModelPromoted", "model", "store/model/ModelRegistry", "a version became the champion in another's place, by whom"),
  fact("ModelRolledBack", "model", "store/model/ModelRegistry", "the champion before became the champion again, by whom"),
  fact("ModelRecalibrated", "model", "store/model/ModelRegistry", "an engine serves a version with its log odds shifted, by what evidence"),
  fact("TermsWatched", "insurance-*", "assessment/insurance/InsuranceWatch", "these terms are watched from here on"),
  fact("ReadingsTaken", "insurance-*", "assessment/insurance/InsuranceWatch", "what was seen of a coin, minute by minute, near a mark"),
  fact("TriggerAccruing", "insurance-*", "assessment/insurance/InsuranceWatch", "minutes begin to count towards a trigger"),
  fact("TriggerLapsed", "insurance-*", "assessment/insurance/InsuranceWatch", "none counts any more"),
  fact("TriggerMet", "insurance-*", "assessment/insurance/InsuranceWatch", "the terms are met: when, and which facts prove it"),
  fact("LogMoved", "legacy", "store/database/FirstLog", "facts of the log's first version were moved here")
]
