/** Runs of engines out of their starts and stops. */
import { Option, Schema } from "effect"
import type { MonthFact } from "./MonthFacts.ts"
import type { RunEntry } from "./Report.ts"

const decodeRun = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Struct({ engine: Schema.String, simulated: Schema.optionalKey(Schema.Boolean) }))
)
const decodeMissing = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Struct({ before: Schema.String, startedAt: Schema.Finite })))

export class EngineRuns {
  readonly #runs = new Map<string, { -readonly [Key in keyof RunEntry]: RunEntry[Key] }>()

  /** False for a fact that cannot be read. */
  add({ kind, payload, recordedAt, stream }: MonthFact): boolean {
    const engine = stream.slice(stream.indexOf("/") + 1)
    if (kind === "EngineStopMissing") {
      const missing = decodeMissing(payload)
      if (Option.isNone(missing)) return false
      const { before, startedAt } = missing.value
      const run = this.#runOf(engine, before)
      run.startedAt ??= startedAt
      if (run.end === "running") run.end = "missing"
      return true
    }
    const decoded = decodeRun(payload)
    if (Option.isNone(decoded)) return false
    const run = this.#runOf(engine, decoded.value.engine)
    if (kind === "EngineStarted") Object.assign(run, { startedAt: recordedAt, simulated: decoded.value.simulated ?? false })
    else Object.assign(run, { stoppedAt: recordedAt, end: "stopped" })
    return true
  }

  /** Those that touched the time from `from` on; one whose end is missing touched it if it began then. */
  since(from: number): ReadonlyArray<RunEntry> {
    return [...this.#runs.values()]
      .filter(({ end, startedAt, stoppedAt }) => end === "running" || (stoppedAt ?? startedAt ?? 0) >= from)
      .sort((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0) || (a.run < b.run ? -1 : 1))
  }

  #runOf(engine: string, run: string) {
    const known = this.#runs.get(run) ?? { engine, run, simulated: false, startedAt: null, stoppedAt: null, end: "running" as const }
    this.#runs.set(run, known)
    return known
  }
}
