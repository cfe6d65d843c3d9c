/** The engine's log as its configuration asks for it, and which components a name such as `connectors` is about. */
import type { LogsOptions } from "@evenkeel/runtime/log/Logs"
import type { EngineConfig } from "./EngineConfig.ts"

/** Components of each package by the beginning of their names; venues are the rest of those that have a number. */
const groups: ReadonlyArray<readonly [group: string, components: RegExp]> = [
  ["alerting", /^(notifier|dispatcher|receiver:|consumer:alerts$)/],
  ["connectors", /^(chain:|rpc:|news|discovery$|clock$|resyncs?$|refusals$|[a-z]+#\d+)/],
  ["detection", /^(hot-path|signals$|level-recorder$|checkpoint|prediction|onnx|model-)/],
  ["store", /^(database|journal|retention|consumer:)/]
]

/** The package whose component it is, where that is known. */
export const groupOf = (component: string): string | undefined => groups.find(([, components]) => components.test(component))?.[0]

/** On a terminal whose screen is drawn, warnings show on the screen: lines would overwrite it. */
export const logsOptions = (
  { file, files, format, kindFiles, level, levels, maxMegabytes }: EngineConfig["log"],
  { isScreen, isTerminal }: { readonly isTerminal: boolean; readonly isScreen: boolean }
): LogsOptions => ({
  level,
  levels,
  groupOf,
  format: format === "pretty" || (format === "auto" && isTerminal) ? "pretty" : "json",
  ...(isScreen ? { standardErrorFrom: "ERROR" } : {}),
  ...(file === "" ? {} : { file: { file, format: format === "pretty" ? "pretty" : "json" } }),
  kindFiles: Object.fromEntries(Object.entries(kindFiles).filter(([, path]) => path !== "")),
  bytesMax: maxMegabytes * 1e6,
  files
})
