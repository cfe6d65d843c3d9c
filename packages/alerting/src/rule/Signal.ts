/**
 * What rules can watch: each signal's unit, the labels that tell its readings apart, and what it says. The list is closed, so that a rule with a
 * mistyped signal is refused when it is read, and not silent for ever.
 */
import { Schema } from "effect"

export const SignalName = Schema.Literals([
  /** A coin's level as a number: 0 normal, 1 watch, 2 warning, 3 critical. Unknown while the coin has no fresh price. */
  "level",
  /** A coin's fair value against its peg, basis points: below zero where it is worth less. */
  "deviation",
  /** The same without its sign. */
  "deviationAbsolute",
  /** That a break begins (or, within one, still stands) within `horizonMinutes`, 0 to 1. Unknown while no model serves. */
  "probability",
  /** What one venue by itself says of a coin, basis points against the peg, signed: of several pairs there the one farthest from it. */
  "venueDeviation",
  /** 1 while a coin's sources differ and no set of them outweighs the others, else 0. */
  "disputed",
  /** Seconds since the coin's youngest price came, in the market's time. */
  "staleSeconds",
  /** A watched supply's growth, percent an hour, over the last hour or what is known of it: below zero where more is burned than minted. */
  "supplyChange",
  /** A pool's imbalance as its chain's reading has it, the farthest from zero of the coin's pools on that venue. */
  "poolImbalance",
  /** A configured price feed's answer against the coin's fair value, basis points, signed. Unknown while it has no answer that can be used. */
  "oracleGap",
  /** 1 once the terms of a configured cover are met, else 0. */
  "coverMet",
  /** A component of the engine: 0 runs, 1 degraded, 2 unready or restarting, 3 failed. */
  "health",
  /** Notifications that wait for delivery. */
  "outboxPending",
  /** Of the data directory's disk, 0 to 1. */
  "diskFreeRatio",
  /** How late the engine's main thread was at worst within the last minute. */
  "eventLoopDelaySeconds",
  /** Share of the frames ring that is in use, 0 to 1. */
  "ringFill",
  /** Share of the time in which the hot path's thread is busy, 0 to 1. */
  "hotPathBusy",
  /** Processors in use: 2 is two whole ones. */
  "cpuShare",
  /** The process's resident memory. */
  "residentBytes",
  "openFiles",
  /** The 99th percentile of a stage of the engine within the last minute; see `evenkeel status`. Unknown while nothing passes it. */
  "stageSeconds"
])
export type SignalName = typeof SignalName.Type

export interface SignalMeaning {
  /** As it is written behind a number; empty for a count or a share. */
  readonly unit: string
  /** Names of the labels that each of its readings has. */
  readonly labels: ReadonlyArray<string>
}

export const signals: Readonly<Record<SignalName, SignalMeaning>> = {
  level: { unit: "", labels: ["coin"] },
  deviation: { unit: "bps", labels: ["coin"] },
  deviationAbsolute: { unit: "bps", labels: ["coin"] },
  probability: { unit: "", labels: ["coin", "horizonMinutes"] },
  venueDeviation: { unit: "bps", labels: ["coin", "venue"] },
  disputed: { unit: "", labels: ["coin"] },
  staleSeconds: { unit: "s", labels: ["coin"] },
  supplyChange: { unit: "% per hour", labels: ["coin"] },
  poolImbalance: { unit: "", labels: ["coin", "venue"] },
  oracleGap: { unit: "bps", labels: ["coin", "oracle"] },
  coverMet: { unit: "", labels: ["coin", "terms"] },
  health: { unit: "", labels: ["component"] },
  outboxPending: { unit: "", labels: [] },
  diskFreeRatio: { unit: "", labels: [] },
  eventLoopDelaySeconds: { unit: "s", labels: [] },
  ringFill: { unit: "", labels: [] },
  hotPathBusy: { unit: "", labels: [] },
  cpuShare: { unit: "", labels: [] },
  residentBytes: { unit: "bytes", labels: [] },
  openFiles: { unit: "", labels: [] },
  stageSeconds: { unit: "s", labels: ["stage"] }
}

/** Every label that a signal can have. */
export const signalLabels: ReadonlyArray<string> = [...new Set(Object.values(signals).flatMap(({ labels }) => labels))].sort()
