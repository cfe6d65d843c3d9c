/**
 * Sets what the model that serves said of onsets against the onsets that came, for each horizon, and tells by how much its log odds should shift.
 *
 * Predictions of one horizon overlap: one weighs its share of the horizon, and an onset counts once however many foresaw it. A prediction counts once
 * its whole horizon has been observed, whether an onset came or not; where a hole in the bars hides a part of it, it does not count at all. So holes
 * and restarts take as many that came true as that did not. Onsets come in episodes (several coins, again and again within a day), which say little
 * more than one: the more of them an episode has, the more the prior is worth and the more must be seen. Time is the bars' own, so a replay gives the
 * same shifts.
 */
import { logit } from "@evenkeel/learning/logistic/LogisticRegression"
import { ShiftEvidence, shiftEvidenceBins } from "@evenkeel/learning/calibration/Shift"
import { Schema } from "effect"
import { barsToConfirm, Confirmation } from "../detector/Confirmation.ts"
import { horizonsMinutes } from "../hotpath/SignalRecord.ts"
import { riskThresholds } from "../risk/RiskMachine.ts"

const minute = 60_000
const day = 86_400_000
/** No shift is larger, in log odds: a rate of onsets 4.5 times the model's. What is farther off is drift, and asks for another model. */
export const shiftMax = 1.5
/** What the prior is worth, in episodes that came as they were expected. */
const priorEpisodes = 4
/** Episodes that must have been expected, or have come, before anything is shifted. */
const episodesMin = 3
/** Onsets of an episode, until it is known. */
const onsetsOfEpisode = 2
/** An onset of any coin so long after the last one begins an episode. */
const episodeGapMillis = day
/** What is so old counts half, of time that was observed. */
const halfLifeMillis = 180 * day
/** Predictions of a coin and a horizon that wait for their outcome: one in so much of the horizon, or one a bar where bars are longer. */
export const waitingMax = 60
/** A hole of so much of a horizon, or of three bars, hides no outcome: an onset in it is seen by the break that stands behind it. */
const holeShareMax = 0.1
const horizonsMillis = horizonsMinutes.map((minutes) => minutes * minute)
const longestMillis = Math.max(...horizonsMillis)

/** A coin's bar, with what the model said at its close. */
export interface OnsetBar {
  readonly coin: string
  /** The bar's close, Unix ms. */
  readonly time: number
  readonly deviationBps: number
  /** That a break begins within each horizon, as the model says it without any shift; NaN where it says nothing. Empty where no model serves. */
  readonly probabilities: ReadonlyArray<number>
}

/** By how much the log odds of a horizon should shift, and by what. */
export interface HorizonShift {
  readonly minutes: number
  readonly shift: number
  /** Onsets that came and that were expected, those of long ago counted less. */
  readonly seen: number
  readonly expected: number
}

/** A prediction, and whether an onset came within its horizon. */
interface Waiting {
  readonly time: number
  readonly odds: number
  came: boolean
}

class Coin {
  broken = new Confirmation()
  /** By horizon, oldest first. */
  readonly waiting: ReadonlyArray<Array<Waiting>>
  /** Undefined until the coin has been seen within the level: a break that stands then began nobody knows when. */
  inBreak: boolean | undefined
  /** Close of its last bar, which may be of a run before. */
  last: number
  isNew = true

  constructor(parts?: CoinParts) {
    this.waiting = horizonsMinutes.map((_, index) => (parts?.waiting[index] ?? []).map(([time, odds, came]) => ({ time, odds, came })))
    this.inBreak = parts?.inBreak ?? undefined
    this.last = parts?.last ?? Number.NEGATIVE_INFINITY
  }

  get parts(): CoinParts {
    return {
      last: this.last,
      inBreak: this.inBreak ?? null,
      waiting: this.waiting.map((waiting) => waiting.map(({ came, odds, time }) => [time, odds, came] as const))
    }
  }

  /** The bars have a hole of this length. */
  hole(millis: number, stepMillis: number): void {
    for (const [index, waiting] of this.waiting.entries()) if (millis > holeMax(horizonsMillis[index]!, stepMillis)) waiting.length = 0
    if (millis <= holeMax(longestMillis, stepMillis)) return
    this.broken = new Confirmation()
    if (this.inBreak === false) this.inBreak = undefined
  }
}

/** Before bars' length is known a hole is measured by the horizon alone. */
const holeMax = (horizonMillis: number, stepMillis: number): number =>
  Math.max(holeShareMax * horizonMillis, Number.isFinite(stepMillis) ? 3 * stepMillis : 0)
/** Between two predictions of a horizon: whole bars. */
const gapOf = (horizonMillis: number, stepMillis: number): number => stepMillis * Math.ceil(horizonMillis / waitingMax / stepMillis)

const listOf = <Item extends Schema.Top>(item: Item, length: number) =>
  Schema.Array(item).check(Schema.makeFilter((list: ReadonlyArray<unknown>) => list.length === length, { expected: `${length} of them` }))

const CoinParts = Schema.Struct({
  last: Schema.Finite,
  inBreak: Schema.NullOr(Schema.Boolean),
  waiting: listOf(
    Schema.Array(Schema.Tuple([Schema.Finite, Schema.Finite, Schema.Boolean])).check(Schema.isMaxLength(waitingMax + 1)),
    horizonsMinutes.length
  )
})
type CoinParts = typeof CoinParts.Type

/** What was gathered so far, to go on from after a restart. */
export const OnsetEvidenceParts = Schema.Struct({
  episodes: Schema.Finite,
  lastOnset: Schema.NullOr(Schema.Finite),
  horizons: listOf(
    Schema.Struct({
      weights: listOf(Schema.Finite, shiftEvidenceBins),
      sums: listOf(Schema.Finite, shiftEvidenceBins),
      seen: Schema.Finite
    }),
    horizonsMinutes.length
  ),
  coins: Schema.Record(Schema.String, CoinParts)
})
export type OnsetEvidenceParts = typeof OnsetEvidenceParts.Type

export class OnsetEvidence {
  readonly #horizons: ReadonlyArray<ShiftEvidence>
  readonly #coins: Map<string, Coin>
  #episodes: number
  #lastOnset: number
  /** The last bar of any coin. */
  #now: number
  /** Time that was observed and does not count less yet. */
  #unfadedMillis = 0
  /** The shortest time between two bars of a coin: their length. */
  #step = Number.POSITIVE_INFINITY

  constructor(parts?: OnsetEvidenceParts) {
    this.#horizons = horizonsMinutes.map((_, index) => new ShiftEvidence(parts?.horizons[index]))
    this.#coins = new Map(Object.entries(parts?.coins ?? {}).map(([symbol, each]) => [symbol, new Coin(each)]))
    this.#episodes = parts?.episodes ?? 0
    this.#lastOnset = parts?.lastOnset ?? Number.NaN
    this.#now = Math.max(...[...this.#coins.values()].map(({ last }) => last))
  }

  /** Takes a bar; one that is not newer than the coin's last is ignored, unless the clock was set back by more than a hole may last. */
  update({ coin: symbol, deviationBps, probabilities, time }: OnsetBar): void {
    if (!Number.isFinite(time) || Number.isNaN(deviationBps)) return
    const coin = this.#coins.get(symbol) ?? new Coin()
    this.#coins.set(symbol, coin)
    const elapsed = time - coin.last
    if (elapsed <= 0 && -elapsed <= holeMax(longestMillis, this.#step)) return
    if (!coin.isNew && elapsed > 0) this.#step = Math.min(this.#step, elapsed)
    coin.hole(Math.abs(elapsed), this.#step)
    coin.isNew = false
    coin.last = time
    this.#live(time)
    if (!Number.isFinite(this.#step)) return
    const bars = coin.broken.update(time, deviationBps, riskThresholds.breakBps, this.#step)
    if (bars >= barsToConfirm(this.#step)) {
      if (coin.inBreak === false) this.#onset(coin, coin.broken.since - this.#step)
      if (coin.inBreak !== undefined) coin.inBreak = true
    } else if (bars === 0 && (coin.inBreak === undefined || Math.abs(deviationBps) < riskThresholds.breakBps / 2)) coin.inBreak = false
    // Bars beyond the level may yet turn out to be the first of a break: until then nothing is known of what said it.
    if (bars === 0 || coin.inBreak === true) this.#settle(coin, time)
    // Within a break the model answers another question: whether it still stands.
    if (bars === 0 && coin.inBreak === false) this.#await(coin, time, probabilities)
  }

  /** What each horizon's log odds should shift by now. */
  shifts(): ReadonlyArray<HorizonShift> {
    this.#fade()
    return this.#horizons.map((evidence, index) => {
      const expected = evidence.expected()
      const onsets = Math.max(1, (evidence.seen + onsetsOfEpisode) / (this.#episodes + 1))
      const isEnough = Math.max(expected, evidence.seen) >= episodesMin * onsets
      return {
        minutes: horizonsMinutes[index]!,
        shift: isEnough ? evidence.fit(priorEpisodes * onsets, shiftMax) : 0,
        seen: evidence.seen,
        expected
      }
    })
  }

  get parts(): OnsetEvidenceParts {
    this.#fade()
    // Of a coin that is silent for so long nothing waits that could still count.
    const current = [...this.#coins].filter(([, { last }]) => Math.abs(this.#now - last) <= longestMillis)
    return {
      episodes: this.#episodes,
      lastOnset: Number.isNaN(this.#lastOnset) ? null : this.#lastOnset,
      horizons: this.#horizons.map(({ parts }) => parts),
      coins: Object.fromEntries(current.map(([symbol, coin]) => [symbol, coin.parts]))
    }
  }

  #await(coin: Coin, time: number, probabilities: ReadonlyArray<number>): void {
    for (const [index, probability] of probabilities.entries()) {
      const waiting = coin.waiting[index]
      if (waiting === undefined || Number.isNaN(probability)) continue
      if (time - (waiting.at(-1)?.time ?? Number.NEGATIVE_INFINITY) < gapOf(horizonsMillis[index]!, this.#step)) continue
      waiting.push({ time, odds: logit(probability), came: false })
    }
  }

  /** A break began at `onset`: what was said within a horizon before came true. */
  #onset(coin: Coin, onset: number): void {
    for (const [index, waiting] of coin.waiting.entries()) {
      for (const each of waiting) each.came ||= onset < each.time + horizonsMillis[index]!
    }
    // One that lies far from the last on either side: a clock may have been set.
    const isOther = !(Math.abs(onset - this.#lastOnset) <= episodeGapMillis)
    if (isOther) this.#episodes++
    this.#lastOnset = isOther ? onset : Math.max(this.#lastOnset, onset)
  }

  /** All that happened up to `time` is known: predictions whose horizon has ended have their outcome. */
  #settle(coin: Coin, time: number): void {
    for (const [index, waiting] of coin.waiting.entries()) {
      const horizon = horizonsMillis[index]!
      const weight = Math.min(1, gapOf(horizon, this.#step) / horizon)
      while (waiting.length > 0 && waiting[0]!.time + horizon <= time) {
        const { came, odds } = waiting.shift()!
        this.#horizons[index]!.add(odds, weight, came)
      }
    }
  }

  /** A hole, or a clock that was set, makes evidence hardly older: nothing was observed that would contradict it. */
  #live(time: number): void {
    const elapsed = time - this.#now
    const most = holeMax(longestMillis, this.#step)
    if (elapsed > 0) this.#unfadedMillis += Math.min(elapsed, most)
    if (!(elapsed <= 0) || elapsed < -most) this.#now = time
  }

  #fade(): void {
    const factor = 2 ** (-this.#unfadedMillis / halfLifeMillis)
    for (const evidence of this.#horizons) evidence.fade(factor)
    this.#episodes *= factor
    this.#unfadedMillis = 0
  }
}
