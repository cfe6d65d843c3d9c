/**
 * One answer of a price feed, and what can be wrong with it by itself.
 *
 * These are the checks that Chainlink asks of whoever reads its feeds (https://docs.chain.link/data-feeds), and the ones that incidents taught: an
 * aggregator answers its `minAnswer` while the market is far below it, as LUNA's did on Venus and Blizz in May 2022.
 */
import type { OracleReason, OracleReasonCode } from "./OracleAssessment.ts"

export interface Round {
  /** The feed's own number of the round, decimal; undefined where it has none. A `bigint` of 80 bits does not fit a double. */
  readonly id: string | undefined
  /** NaN for an answer that is no number. */
  readonly price: number
  /** Unix ms; 0 for a round that is not complete. */
  readonly updatedAt: number
  /** Digits behind the point that the contract says its answers have; undefined where it is not asked. */
  readonly decimals?: number
}

export interface OracleTerms {
  readonly feed: string
  readonly coin: string
  readonly heartbeatSeconds: number
  readonly deviationBps: number
  /** A gap from here on is unsafe; see `unsafeGapBpsOf` for what it is when left out. */
  readonly unsafeGapBps?: number | undefined
  /** The bounds beyond which the contract does not answer. */
  readonly minimumAnswer?: number | undefined
  readonly maximumAnswer?: number | undefined
  /** Digits behind the point as they are configured. */
  readonly decimals?: number | undefined
}

/** Clocks of chains run ahead of others by some seconds. */
const futureMillisMax = 120_000
/** A round is late by so much of its heartbeat at most, as in the hot path: blocks and fees delay it. */
export const heartbeatGrace = 1.1
/** An answer this near to its bound is at it: bounds are rarely met to the last digit. */
const boundBps = 1

const fault = (code: OracleReasonCode, words: string): OracleReason => ({ code, verdict: "unsafe", words })

/** What is wrong with a round, by its terms and by the round that was read before. */
export const faultsOf = (terms: OracleTerms, round: Round, before: Round | undefined, now: number): ReadonlyArray<OracleReason> => {
  const { decimals, maximumAnswer, minimumAnswer } = terms
  const { price, updatedAt } = round
  const faults: Array<OracleReason> = []
  if (!(price > 0)) faults.push(fault("notPositive", `its answer is ${Number.isNaN(price) ? "no number" : String(price)}`))
  if (minimumAnswer !== undefined && price > 0 && price <= minimumAnswer * (1 + boundBps / 1e4))
    faults.push(fault("atMinimumAnswer", `its answer stands at the least that it can say, ${minimumAnswer}: the market may be below`))
  if (maximumAnswer !== undefined && price >= maximumAnswer * (1 - boundBps / 1e4))
    faults.push(fault("atMaximumAnswer", `its answer stands at the most that it can say, ${maximumAnswer}: the market may be above`))
  if (!(updatedAt > 0)) faults.push(fault("incompleteRound", "its round is not complete: it has no time"))
  if (isInFuture(round, now)) faults.push(fault("inFuture", "its round was written in the future"))
  if (before !== undefined && goesBack(before, round))
    faults.push(fault("wentBackwards", "its round comes before one that was read already"))
  if (round.decimals !== undefined && decimals !== undefined && round.decimals !== decimals)
    faults.push(fault("decimalsDiffer", `its contract answers with ${round.decimals} decimals, and ${decimals} are configured`))
  return faults
}

const isInFuture = ({ updatedAt }: Round, now: number): boolean => updatedAt > now + futureMillisMax

const goesBack = (before: Round, { id, updatedAt }: Round): boolean => {
  if (updatedAt > 0 && updatedAt < before.updatedAt) return true
  return id !== undefined && before.id !== undefined && BigInt(id) < BigInt(before.id)
}

/** The age at which a feed has broken its heartbeat, ms. */
export const staleMillisOf = ({ heartbeatSeconds }: OracleTerms): number => heartbeatSeconds * 1000 * heartbeatGrace

/** What the engine calls a break of the peg, or twice the feed's own promise where that is more. */
export const unsafeGapBpsOf = ({ deviationBps, unsafeGapBps }: OracleTerms): number => unsafeGapBps ?? Math.max(50, 2 * deviationBps)

/**
 * The rounds of a feed as they are read: the last one, and the newest before it, which a round must not come before. A round that was in the future when it was
 * read is never the newest: every sound one after it would come before it.
 */
export class RoundMemory {
  last: Round | undefined
  newest: Round | undefined
  #isLastInFuture = false

  take(round: Round, now: number): void {
    if (this.last !== undefined && !this.#isLastInFuture && (this.newest === undefined || !goesBack(this.newest, this.last)))
      this.newest = this.last
    this.last = round
    this.#isLastInFuture = isInFuture(round, now)
  }
}
