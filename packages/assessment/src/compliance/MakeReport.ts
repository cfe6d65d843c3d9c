/** Makes a month's report from its facts. Pure: the same facts give the same report. */
import { levelChangesFamily, LevelChange } from "@evenkeel/domain/risk/RiskLevel"
import { Option, Schema } from "effect"
import { isInsuranceFamily } from "../insurance/Terms.ts"
import { actionOf, coverOf, modelOf, settingOf } from "./Entries.ts"
import { AlertHistory } from "./AlertHistory.ts"
import { EngineRuns } from "./EngineRuns.ts"
import { periodOfMonth } from "./Month.ts"
import type { MonthFact, MonthOfLog } from "./MonthFacts.ts"
import { type Report, reportFormat } from "./Report.ts"

const decodeLevel = Schema.decodeUnknownOption(Schema.fromJsonString(LevelChange))
const decodeVersion = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Struct({ version: Schema.Int })))

const alertKinds = ["AlertOpened", "AlertChanged", "AlertResolved", "Notified", "AlertAcknowledged"]
const runKinds = ["EngineStarted", "EngineStopped", "EngineStopMissing"]

/** Levels and times without fresh prices, coin by coin; a coin of a made-up market is another one. */
class CoinHistory {
  readonly #stale = new Map<string, Array<{ from: number | null; until: number | null }>>()
  readonly #levels = new Map<string, { changes: Record<string, number>; lowestValue: number | null; lowestAt: number | null }>()

  add({ coin: symbol, fairValue, level, previous, simulated, time }: LevelChange, inMonth: boolean): void {
    const coin = simulated === true ? `${symbol}${simulatedMark}` : symbol
    const stale = this.#stale.get(coin) ?? []
    this.#stale.set(coin, stale)
    const open = stale.at(-1)
    if (level === "stale" && (open === undefined || open.until !== null)) stale.push({ from: time, until: null })
    if (level !== "stale" && open?.until === null) open.until = time
    // The change before is not in the log any more.
    if (level !== "stale" && previous === "stale" && open === undefined && inMonth) stale.push({ from: null, until: time })
    if (!inMonth) return
    const levels = this.#levels.get(coin) ?? { changes: {}, lowestValue: null, lowestAt: null }
    this.#levels.set(coin, levels)
    levels.changes[level] = (levels.changes[level] ?? 0) + 1
    if (level !== "stale" && (levels.lowestValue === null || fairValue < levels.lowestValue))
      Object.assign(levels, { lowestValue: fairValue, lowestAt: time })
  }

  get stale(): Report["stale"] {
    return byCoin(this.#stale).flatMap(([coin, spans]) => spans.map((span) => ({ ...marked(coin), ...span })))
  }

  get levels(): Report["levels"] {
    return byCoin(this.#levels).map(([coin, { changes, ...lowest }]) => ({
      ...marked(coin),
      changes: Object.fromEntries(byCoin(new Map(Object.entries(changes)))),
      ...lowest
    }))
  }
}

/** No symbol has a space. */
const simulatedMark = " simulated"
const marked = (coin: string) => ({ coin: coin.replace(simulatedMark, ""), simulated: coin.endsWith(simulatedMark) })

const byCoin = <A>(entries: ReadonlyMap<string, A>): ReadonlyArray<readonly [string, A]> =>
  [...entries].sort(([a], [b]) => (a < b ? -1 : 1))

export const makeReport = ({ before, facts, ...log }: MonthOfLog): Report => {
  const { from, until } = periodOfMonth(log.month)
  const alerts = new AlertHistory()
  const coins = new CoinHistory()
  const runs = new EngineRuns()
  let championBefore: number | null = null
  let unreadable = 0
  /** False where it cannot be read; true for kinds that have no part of their own as well. */
  const take = (fact: MonthFact, inMonth: boolean): boolean => {
    if (alertKinds.includes(fact.kind)) return alerts.add(fact)
    if (runKinds.includes(fact.kind)) return runs.add(fact)
    if (fact.kind !== "LevelChanged" || fact.family !== levelChangesFamily) return true
    const change = decodeLevel(fact.payload)
    if (Option.isSome(change)) coins.add(change.value, inMonth)
    return Option.isSome(change)
  }
  for (const fact of before) {
    if (fact.family === "model") championBefore = Option.getOrNull(Option.map(decodeVersion(fact.payload), ({ version }) => version))
    else take(fact, false)
  }
  const actions: Array<Report["actions"][number]> = []
  const settings: Array<Report["settings"][number]> = []
  const models: Array<Report["models"][number]> = []
  const covers: Array<Report["covers"][number]> = []
  for (const fact of facts) {
    if (!take(fact, true)) unreadable++
    actions.push(...actionOf(fact))
    settings.push(...settingOf(fact))
    models.push(...modelOf(fact))
    if (isInsuranceFamily(fact.family)) covers.push(...coverOf(fact))
  }
  return {
    format: reportFormat,
    month: log.month,
    from,
    until,
    log: log.log,
    heads: log.heads,
    position: log.position,
    removed: log.removed,
    beyondBound: log.beyondBound,
    unreadable,
    audit: log.audit,
    alerts: alerts.entries,
    actions,
    runs: runs.since(from),
    stale: coins.stale.filter((span) => span.until === null || span.until >= from),
    levels: coins.levels,
    settings,
    championBefore,
    models,
    covers,
    counts: log.counts
  }
}
