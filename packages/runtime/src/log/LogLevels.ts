/**
 * From which level on a line is written: one level for all, and others for single parts.
 *
 * `{ kraken: "Debug" }` is about the component `kraken` and about those that begin with it, `kraken#0` or `kraken:…`. A name of a group of components, as
 * `connectors`, is about all of them; the closer name wins.
 */
import { severities } from "./LogRecord.ts"

export const logLevelNames = ["Debug", "Info", "Warn", "Error"] as const
export type LogLevelName = (typeof logLevelNames)[number]

export interface LogLevels {
  readonly level: LogLevelName
  readonly levels: Readonly<Record<string, LogLevelName>>
}

const severityOf: Readonly<Record<LogLevelName, number>> = {
  Debug: severities.DEBUG,
  Info: severities.INFO,
  Warn: severities.WARN,
  Error: severities.ERROR
}

/** The lowest severity of a component that is written. Components are few, so that each one's answer is kept. */
export const minimumSeverity = ({ level, levels }: LogLevels, groupOf: (component: string) => string | undefined) => {
  const known = new Map<string, number>()
  return (component: string): number => {
    const before = known.get(component)
    if (before !== undefined) return before
    const [family = component] = component.split(/[:#]/)
    const group = groupOf(component)
    const name = [component, family, group].find((each) => each !== undefined && Object.hasOwn(levels, each))
    const severity = severityOf[name === undefined ? level : levels[name]!]
    // Names with numbers in them must not fill the memory.
    if (known.size < componentsMax) known.set(component, severity)
    return severity
  }
}

const componentsMax = 1000
