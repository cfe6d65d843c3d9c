/**
 * A feed's last round against the fair value: gap, lag, age, faults, and the verdict.
 *
 * A gap counts beyond three standard errors of the fair value: what lies within is noise. Up to the feed's own deviation threshold it is as promised. The
 * fair value must come without the feed, or the feed would be compared with itself; `IndependentValues` makes it.
 */
import type { OracleAssessment, OracleReason, Verdict } from "./OracleAssessment.ts"
import { faultsOf, type OracleTerms, type Round, staleMillisOf, unsafeGapBpsOf } from "./Round.ts"
import type { ValueHistory } from "./ValueHistory.ts"

/** A coin's fair value from markets alone. */
export interface MarketValue {
  /** Unix ms. */
  readonly time: number
  readonly value: number
  readonly errorBps: number
  /** Whether pairs connect the coin to its currency. */
  readonly grounded: boolean
  readonly agree: ReadonlyArray<string>
  readonly differ: ReadonlyArray<string>
}

export interface OracleQuestion {
  readonly terms: OracleTerms
  /** The last round that was read; undefined where none ever was. */
  readonly round: Round | undefined
  /** The newest of the rounds that were read before it. */
  readonly before?: Round | undefined
  /** Why the feed cannot be read now; undefined while it can. */
  readonly unread?: string | undefined
  readonly value: MarketValue | undefined
  readonly history: ValueHistory
  readonly now: number
}

/** Standard errors within which two prices cannot be told apart, as where the hot path asks which venues agree. */
const significance = 3
/** A fair value that is older than this is none: the hot path, too, asks for agreement no longer. */
const valueAgeMax = 15 * 60_000
/** Venues that must stand at the fair value before it is believed against the feed. */
const venuesMin = 2

const order: ReadonlyArray<Verdict> = ["unsafe", "caution", "safe"]

export const assessOracle = ({ before, history, now, round, terms, unread, value }: OracleQuestion): OracleAssessment => {
  const reasons: Array<OracleReason> = []
  const say = (verdict: Verdict, code: OracleReason["code"], words: string) => reasons.push({ code, verdict, words })
  const fair =
    value !== undefined && now - value.time <= valueAgeMax && value.value > 0 && Number.isFinite(value.errorBps) ? value : undefined
  if (round === undefined) say("unsafe", "noAnswer", unread === undefined ? "it has not answered yet" : `it has never answered: ${unread}`)
  else {
    reasons.push(...faultsOf(terms, round, before, now))
    if (unread !== undefined) say("caution", "notRead", `it cannot be read now: ${unread}`)
    if (round.updatedAt > 0 && now - round.updatedAt > staleMillisOf(terms))
      say("unsafe", "stale", `its round is ${span(now - round.updatedAt)} old, and its heartbeat is ${span(terms.heartbeatSeconds * 1000)}`)
  }
  const price = round !== undefined && round.price > 0 ? round.price : undefined
  const noiseBps = fair === undefined ? undefined : significance * fair.errorBps
  const gapBps = fair === undefined || price === undefined ? undefined : (price / fair.value - 1) * 1e4
  if (fair === undefined) say("caution", "noFairValue", `the markets give no fair value of ${terms.coin} to judge it by`)
  else if (!fair.grounded)
    say("caution", "fairValueUncertain", `no pair connects ${terms.coin} to its currency: the fair value may be another coin's fault`)
  else if (noiseBps! >= unsafeGapBpsOf(terms))
    say("caution", "fairValueUncertain", `the fair value is uncertain by ${bps(noiseBps!)} bps: a gap that is unsafe could hide in it`)
  const beyond = gapBps === undefined || Math.abs(gapBps) <= noiseBps! ? 0 : Math.abs(gapBps)
  if (beyond > terms.deviationBps) say(beyond >= unsafeGapBpsOf(terms) ? "unsafe" : "caution", "gap", gapWords(gapBps!, fair!.errorBps))
  const stood = beyond === 0 ? undefined : history.lastStood(price!, noiseBps!)
  reasons.sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict))
  return {
    feed: terms.feed,
    coin: terms.coin,
    time: now,
    verdict: reasons[0]?.verdict ?? "safe",
    reasons,
    price: finite(round?.price),
    round: round?.id ?? null,
    updatedAt: finite(round?.updatedAt),
    ageMillis: round === undefined || !(round.updatedAt > 0) ? null : Math.max(0, now - round.updatedAt),
    heartbeatSeconds: terms.heartbeatSeconds,
    deviationBps: terms.deviationBps,
    fairValue: finite(fair?.value),
    errorBps: finite(fair?.errorBps),
    gapBps: finite(gapBps),
    noiseBps: finite(noiseBps),
    lagMillis: gapBps === undefined ? null : beyond === 0 ? 0 : stood === undefined ? null : Math.max(0, now - stood.time),
    lagIsBound: stood?.isBound ?? false,
    believed:
      gapBps === undefined ? "unknown" : beyond === 0 ? "agree" : fair!.grounded && fair!.agree.length >= venuesMin ? "market" : "unknown",
    venues: { agree: fair?.agree ?? [], differ: fair?.differ ?? [] }
  }
}

const finite = (value: number | undefined): number | null => (value === undefined || !Number.isFinite(value) ? null : value)

const bps = (value: number): string => (Math.abs(value) < 10 ? value.toFixed(1) : value.toFixed(0))

const gapWords = (gapBps: number, errorBps: number): string =>
  gapBps > 0
    ? `it stands ${bps(gapBps)} bps above the fair value (± ${bps(errorBps)}): collateral counts for more than it is worth, and liquidations come too late`
    : `it stands ${bps(-gapBps)} bps below the fair value (± ${bps(errorBps)}): collateral counts for less than it is worth, and sound accounts are liquidated`

/** A length of time for people: `45 s`, `12 m`, `3.5 h`. */
export const span = (millis: number): string => {
  if (millis < 60_000) return `${Math.round(millis / 1000)} s`
  return millis < 3_600_000 ? `${Math.round(millis / 60_000)} m` : `${Number((millis / 3_600_000).toFixed(1))} h`
}
