/**
 * The reasons of a level change in sentences, most important first.
 *
 * Facts hold numbers; every place that shows one to people (receivers, the screen, the page, replays) takes its words from here.
 */
import { chanceText } from "@evenkeel/domain/risk/Chance"
import type { Driver, Evidence, LevelChange } from "@evenkeel/domain/risk/RiskLevel"

export const reasonsOf = (change: LevelChange): ReadonlyArray<string> => {
  const { deviationBps, evidence, kind, venues } = change
  // What a coin was worth when it was last seen does not speak of now.
  if (kind === "stale") return headlineOf(change)
  const over = kind === "recovery"
  return [
    ...headlineOf(change),
    valueOf(change),
    ...(evidence.flow === null ? [] : [`heavy taker selling: ${evidence.flow.surge.toFixed(1)}x the usual volume of the trailing week`]),
    ...(evidence.carrier !== null && kind === "break"
      ? [`${evidence.carrier} fell earlier and farther: ${change.coin} may be falling with it`]
      : []),
    ...beyondOf(evidence, deviationBps),
    ...(over ? [] : modelOf(evidence)),
    ...(over || evidence.drivers.length === 0 ? [] : [`driven by ${evidence.drivers.slice(0, driversShown).map(driverText).join(", ")}`]),
    ...(venues.agree.length > 0 ? [`venues that agree: ${venues.agree.join(", ")}`] : []),
    ...(venues.differ.length > 0 && kind !== "local" ? [`venues that differ: ${venues.differ.join(", ")}`] : []),
    ...(evidence.grounded ? [] : ["no pair reaches the peg's currency: the split between the pair's two coins is unknown"])
  ]
}

const driversShown = 3

const headlineOf = ({ coin, deviationBps, kind, previous, venues }: LevelChange): ReadonlyArray<string> => {
  switch (kind) {
    case "local":
      return [`${venues.differ.join(", ")} stands apart while other sources of ${coin} hold`]
    case "stale":
      return [`no fresh price of ${coin}: the last known level was ${previous}`]
    case "recovery":
      return [
        previous === "stale"
          ? `fresh prices of ${coin} are back`
          : `${coin} is back within ${Math.abs(deviationBps).toFixed(1)} bps of its peg`
      ]
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

const driverText = ({ name, share, value }: Driver): string => `${name} ${value} (${Math.round(share * 100)}%)`
