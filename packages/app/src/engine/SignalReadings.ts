/** The engine's state as readings for rules. Pure but for the history of supplies, which it is given. */
import type { Reading } from "@evenkeel/alerting/rule/Signals"
import type { CoinView } from "@evenkeel/api/contract/group/Coins"
import type { CoverStatus } from "@evenkeel/assessment/insurance/CoverStatus"
import type { OracleAssessment } from "@evenkeel/assessment/oracle/OracleAssessment"
import { type RiskLevel, severity } from "@evenkeel/domain/risk/RiskLevel"
import type { HealthStatus } from "@evenkeel/runtime/health/HealthRegistry"
import type { EngineLook } from "../status/EngineNumbers.ts"

const hourMillis = 3_600_000
/** A growth over less time than this says nothing of an hour. */
const supplySpanMillisMin = 300_000
/** Between two totals that are kept: of an hour, as many as it has minutes. */
const supplyStepMillis = 60_000

/** The totals of each token's supply within the last hour. */
export class SupplyHistory {
  readonly #totals = new Map<string, Array<{ readonly at: number; readonly total: number }>>()

  /** Percent an hour, over what is known of the last one; null while that is too little. */
  growth(token: string, total: number, now: number): number | null {
    const kept = this.#totals.get(token) ?? []
    // What lies ahead is of a market whose time began anew.
    const recent = kept.filter(({ at }) => at <= now && now - at <= hourMillis)
    const newest = recent.at(-1)
    if (newest === undefined || now - newest.at >= supplyStepMillis) recent.push({ at: now, total })
    this.#totals.set(token, recent)
    const [oldest] = recent
    const span = oldest === undefined ? 0 : now - oldest.at
    return oldest === undefined || span < supplySpanMillisMin || oldest.total <= 0
      ? null
      : (((total - oldest.total) / oldest.total) * 100 * hourMillis) / span
  }
}

export interface CoinContext {
  readonly disputed: (coin: string) => boolean
  /** The market's time, Unix ms. */
  readonly now: number
  readonly supplies: SupplyHistory
}

/** Of several values the one that is farthest from zero; null where there is none. */
const farthest = (values: ReadonlyArray<number | null>): number | null =>
  values.reduce((far, value) => (value !== null && (far === null || Math.abs(value) > Math.abs(far)) ? value : far), null)

const levelValue = (level: RiskLevel): number | null => (level === "stale" ? null : severity(level))

/** Those of its sources that say something of a coin, by venue. */
const byVenue = (sources: CoinView["sources"], valueOf: (source: CoinView["sources"][number]) => number | null) => {
  const values = new Map<string, Array<number | null>>()
  for (const source of sources) {
    const value = valueOf(source)
    if (value !== null) values.set(source.venue, [...(values.get(source.venue) ?? []), value])
  }
  return [...values].map(([venue, all]) => ({ venue, value: farthest(all) }))
}

const readingsOf = (view: CoinView, { disputed, now, supplies }: CoinContext): ReadonlyArray<Reading> => {
  const { coin, level, model, sources } = view
  const stale = level === "stale"
  const deviation = stale ? null : view.deviationBps
  const ages = sources.flatMap(({ ageMillis, lastPrice }) => (ageMillis === null || lastPrice === null ? [] : [ageMillis]))
  const supply = sources.find((source) => source.supply !== null)?.supply?.total
  const of = (signal: Reading["signal"], value: number | null, labels: Reading["labels"] = {}): Reading => ({
    signal,
    labels: { coin, ...labels },
    value
  })
  return [
    of("level", levelValue(level)),
    of("deviation", deviation),
    of("deviationAbsolute", deviation === null ? null : Math.abs(deviation)),
    of("disputed", stale ? null : Number(disputed(coin))),
    of("staleSeconds", ages.length === 0 ? null : Math.min(...ages) / 1000),
    ...(model?.horizons ?? []).map(({ minutes, probability }) =>
      of("probability", stale ? null : probability, { horizonMinutes: `${minutes}` })
    ),
    ...byVenue(sources, ({ ownDeviationBps }) => ownDeviationBps).map(({ value, venue }) => of("venueDeviation", value, { venue })),
    ...byVenue(sources, ({ pool }) => pool?.imbalance ?? null).map(({ value, venue }) => of("poolImbalance", value, { venue })),
    ...(supply === undefined ? [] : [of("supplyChange", supplies.growth(coin, supply, now))])
  ]
}

export const coinReadings = (views: ReadonlyArray<CoinView>, context: CoinContext): ReadonlyArray<Reading> =>
  views.flatMap((view) => readingsOf(view, context))

const healthValues: Readonly<Record<HealthStatus, number>> = {
  starting: 0,
  running: 0,
  draining: 0,
  stopped: 0,
  degraded: 1,
  unready: 2,
  restarting: 2,
  failed: 3
}

/** A rule about the rules' own health would feed on itself. */
const own = ["rules", "rule-signals"]

export const oracleReadings = (assessments: ReadonlyArray<OracleAssessment>): ReadonlyArray<Reading> =>
  assessments.map(({ coin, feed, gapBps }) => ({ signal: "oracleGap", labels: { coin, oracle: feed }, value: gapBps }))

export const coverReadings = (covers: ReadonlyArray<CoverStatus>): ReadonlyArray<Reading> =>
  covers.map(({ met, terms }) => ({ signal: "coverMet", labels: { coin: terms.coin, terms: terms.name }, value: met === null ? 0 : 1 }))

/** `look` is undefined before the first. `disk` is the free share of the data directory's disk. */
export const engineReadings = (look: EngineLook | undefined, disk: number | null): ReadonlyArray<Reading> => {
  const reading = (signal: Reading["signal"], value: number | null | undefined, labels: Reading["labels"] = {}): Reading => ({
    signal,
    labels,
    value: value === null || value === undefined || !Number.isFinite(value) ? null : value
  })
  const components = look?.components ?? []
  return [
    ...components
      .filter(({ component }) => !own.includes(component))
      .map(({ component, status }) => reading("health", healthValues[status], { component })),
    reading("outboxPending", components.find(({ component }) => component === "dispatcher")?.gauges["outbox_pending"]),
    reading("diskFreeRatio", disk),
    reading("eventLoopDelaySeconds", look && look.process.loopDelayMaxMillis / 1000),
    reading("ringFill", look?.ringFill),
    reading("hotPathBusy", look?.hotPathBusy),
    reading("cpuShare", look?.process.cpuShare),
    reading("residentBytes", look?.process.residentBytes),
    reading("openFiles", look?.process.openFiles),
    ...(look?.stages ?? []).map(({ recent, stage }) => reading("stageSeconds", recent.p99 === null ? null : recent.p99 / 1e9, { stage }))
  ]
}
