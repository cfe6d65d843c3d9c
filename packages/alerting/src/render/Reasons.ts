/**
 * The reasons of an alert in sentences, most important first.
 *
 * Facts hold numbers; every place that shows one to people (receivers, the screen, the page, replays) takes its words from here.
 */
import { type Alert, alertSubject } from "@evenkeel/domain/alert/Alert"
import { chanceText } from "@evenkeel/domain/risk/Chance"
import type { Driver, Evidence, LevelChange, VenueValue } from "@evenkeel/domain/risk/RiskLevel"
import { ruleReasons } from "./RuleWords.ts"

/** `beside`: the numbers stand beside the reasons already, as named facts, and are not said again. */
export interface ReasonsOptions {
  readonly beside?: boolean
}

/** Of an alert that was closed nothing is to be explained. */
export const reasonsOfAlert = (alert: Alert, options: ReasonsOptions = {}): ReadonlyArray<string> => {
  const { change, closedReason, rule, status } = alert
  if (closedReason !== undefined) return []
  return change !== undefined ? reasonsOf(change, options) : rule !== undefined ? ruleReasons(rule, alertSubject(alert), status) : []
}

export const reasonsOf = (change: LevelChange, { beside = false }: ReasonsOptions = {}): ReadonlyArray<string> => {
  const { deviationBps, evidence, kind } = change
  // What a coin was worth when it was last seen does not speak of now.
  if (kind === "stale") return headlineOf(change)
  const over = kind === "recovery"
  return [
    ...headlineOf(change),
    ...(beside ? [] : [valueOf(change)]),
    ...(evidence.flow === null ? [] : [`heavy taker selling: ${evidence.flow.surge.toFixed(1)}x the usual volume of the trailing week`]),
    ...(evidence.carrier !== null && kind === "break"
      ? [`${evidence.carrier} fell earlier and farther: ${change.coin} may be falling with it`]
      : []),
    ...fastOf(evidence),
    ...(evidence.fast !== null || kind === "disputed" ? [] : beyondOf(evidence, deviationBps)),
    ...(over || beside ? [] : modelOf(evidence)),
    ...(over || evidence.drivers.length === 0 ? [] : [`driven by ${evidence.drivers.slice(0, driversShown).map(driverText).join(", ")}`]),
    ...(beside && change.venues.own.length > 0 ? [] : venuesOf(change)),
    ...crossingsOf(change),
    ...(evidence.grounded || (over && Math.abs(deviationBps) <= backBps) ? [] : [splitOf(change)])
  ]
}

const driversShown = 3
/** Nearer than this a coin is called back at its peg. */
const backBps = 10
/** Venues apart whose own prices are told in the first sentence, and those of the others. */
const apartShown = 3
const othersShown = 4

/** Nobody trades on a crossing, and so nobody is to worry there. */
const bpsOf = ({ deviationBps, level, pairs, venue }: VenueValue): string =>
  `${venue} ${signed(deviationBps)} bps${level === "critical" && pairs === undefined ? " (critical there)" : ""}`
const signed = (bps: number): string => `${bps > 0 ? "+" : ""}${bps.toFixed(Math.abs(bps) < 10 ? 1 : 0)}`

/** The venues farthest from the fair value, each with its own deviation. */
const ownOf = (own: ReadonlyArray<VenueValue>): string =>
  own
    .slice(0, apartShown + othersShown)
    .map(bpsOf)
    .join(", ")

const fastOf = ({ fast }: Evidence): ReadonlyArray<string> =>
  fast === null
    ? []
    : [`decided within seconds: books or pools of ${fast.venues} venue${fast.venues === 1 ? " show" : "s show"} the coin far below its peg`]

/** Each venue's own deviation, or their names alone where the fact is of an older version. */
const venuesOf = ({ kind, venues }: LevelChange): ReadonlyArray<string> => {
  const told = kind === "local" || kind === "disputed"
  if (venues.own.length > 0) {
    const trading = venues.own.filter(({ pairs }) => pairs === undefined)
    return told || trading.length === 0 ? [] : [`by venue: ${ownOf(trading)}`]
  }
  return [
    ...(venues.agree.length > 0 ? [`venues that agree: ${venues.agree.join(", ")}`] : []),
    ...(venues.differ.length > 0 && !told ? [`venues that differ: ${venues.differ.join(", ")}`] : [])
  ]
}

/** "USDT by BTC/USD against BTC/USDT: -42 bps" */
const crossingsOf = ({ coin, venues }: LevelChange): ReadonlyArray<string> =>
  venues.own.flatMap(({ deviationBps, pairs }) =>
    pairs === undefined ? [] : [`${coin} by ${pairs[0]} against ${pairs[1]}: ${signed(deviationBps)} bps`]
  )

/** "binance alone: -812 bps; kraken -14 bps, uniswap -9.0 bps" */
const sidesOf = ({ venues }: LevelChange): string => {
  const apart = venues.own.filter(({ venue }) => venues.differ.includes(venue))
  const others = venues.own.filter(({ venue }) => !venues.differ.includes(venue))
  const [first] = apart
  const one = apart.length === 1 && first !== undefined
  return [
    one ? `${first.venue} alone: ${bpsOf(first).slice(first.venue.length + 1)}` : apart.slice(0, apartShown).map(bpsOf).join(", "),
    ...(others.length > 0 ? [others.slice(0, othersShown).map(bpsOf).join(", ")] : [])
  ].join("; ")
}

const splitOf = ({ coin, deviationBps, evidence: { share } }: LevelChange): string =>
  share === null
    ? "no pair reaches the peg's currency: the split between the pair's two coins is unknown"
    : `no pair reaches the peg's currency: that it is ${coin} that ${deviationBps < 0 ? "fell" : "rose"}, and not the other coin that ${deviationBps < 0 ? "rose" : "fell"}, is believed at ${Math.round(share * 100)}%`

/** Where a coin stands that is no longer at the level that it was. */
const placeOf = (coin: string, deviationBps: number): string => {
  const far = Math.abs(deviationBps)
  return far <= backBps
    ? `${coin} stands within ${far.toFixed(1)} bps of its peg`
    : `${coin} moves away no more; it stands ${far.toFixed(1)} bps ${deviationBps < 0 ? "below" : "above"} its peg, and is not back at it`
}

const headlineOf = (change: LevelChange): ReadonlyArray<string> => {
  const { coin, deviationBps, kind, previous, venues } = change
  switch (kind) {
    case "local":
      return [
        `${venues.differ.join(", ")} ${venues.differ.length === 1 ? "stands" : "stand"} apart while other sources of ${coin} hold`,
        ...(venues.own.length === 0 ? [] : [sidesOf(change)])
      ]
    case "disputed":
      return [
        `sources of ${coin} differ, and no set of them outweighs the others${venues.own.length === 0 ? "" : `: ${ownOf(venues.own)}`}`
      ]
    case "stale":
      return [`no fresh price of ${coin}: the last known level was ${previous}`]
    case "recovery":
      return [previous === "stale" ? `fresh prices of ${coin} are back` : placeOf(coin, deviationBps)]
    default:
      return []
  }
}

const valueOf = ({ deviationBps, errorBps, evidence, fairValue }: LevelChange): string => {
  const side = deviationBps < 0 ? "below" : "above"
  const usual = evidence.baselineBps === null ? "" : ` (usually ${evidence.baselineBps.toFixed(1)})`
  return `fair value ${fairValue.toFixed(5)} ± ${((errorBps * fairValue) / 1e4).toFixed(5)}, ${Math.abs(deviationBps).toFixed(1)} bps ${side} the peg${usual}`
}

const beyondOf = ({ beyond }: Evidence, deviationBps: number): ReadonlyArray<string> =>
  beyond === null
    ? []
    : [
        `${beyond.bars} bar${beyond.bars === 1 ? "" : "s"} in a row more than ${beyond.bps} bps ${deviationBps < 0 ? "below" : "above"} the peg`
      ]

const modelOf = ({ model }: Evidence): ReadonlyArray<string> =>
  model === null || model.horizons.length === 0
    ? []
    : [
        `the model gives a break within ${model.horizons
          .map(({ minutes, probability }) => `${minutes < 60 ? `${minutes} m` : `${minutes / 60} h`} ${chanceText(probability)}`)
          .join(", ")}`
      ]

/** Evidence of a level, in words that are explained in docs/alerting.md. */
const driverWords: Readonly<Record<string, readonly [name: string, unit: string]>> = {
  deviation_bps: ["deviation", " bps"],
  score: ["distance from usual", ""],
  cusum: ["slow drift (cusum)", ""],
  changepoint: ["sudden change (changepoint)", ""],
  flow: ["selling or buying (flow)", ""]
}

const driverText = ({ name, share, value }: Driver): string => {
  const [words, unit] = driverWords[name] ?? [name, ""]
  return `${words} ${Number(value.toFixed(Math.abs(value) < 1 ? 2 : 1))}${unit} (${Math.round(share * 100)}%)`
}
