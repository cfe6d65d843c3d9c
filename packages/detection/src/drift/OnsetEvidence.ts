/**
 * Sets what the model that serves said of onsets against the onsets that came, for each horizon, and tells by how much its log odds should shift.
 *
 * A prediction is made at every bar, so those of one horizon overlap: a bar weighs its share of the horizon, and an onset counts once however many
 * bars foresaw it. Onsets come in episodes (several coins, again and again within a day), which say little more than one: the more of them an
 * episode has, the more the prior is worth and the more must be seen. Time is the bars' own, so a replay gives the same shifts.
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
const holeMillisMax = 60 * minute
/** What is so old counts half. */
const halfLifeMillis = 180 * day
/** Predictions of a coin that wait for their outcome; beyond it the oldest is dropped without one. A day of minutes has 1440. */
export const pendingMax = 3000

/** A coin's bar, with what the model said at its close. */
export interface OnsetBar {
  readonly coin: number
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

interface Waiting {
  readonly time: number
  readonly odds: ReadonlyArray<number>
}

class Coin {
  readonly broken = new Confirmation()
  /** Oldest first. */
  readonly waiting: Array<Waiting> = []
  /** Of each horizon, how many of them have their outcome: the first ones. */
  readonly settled = horizonsMinutes.map(() => 0)
  inBreak = false
  last = Number.NEGATIVE_INFINITY

  dropFirst(count: number): void {
    if (count === 0) return
    this.waiting.splice(0, count)
    for (const [index, settled] of this.settled.entries()) this.settled[index] = Math.max(0, settled - count)
  }

  forget(): void {
    this.dropFirst(this.waiting.length)
  }
}

const listOf = <Item extends Schema.Top>(item: Item, length: number) =>
  Schema.Array(item).check(Schema.makeFilter((list: ReadonlyArray<unknown>) => list.length === length, { expected: `${length} of them` }))

/** What was gathered so far, to go on from after a restart. Predictions that wait for their outcome are not of it. */
export const OnsetEvidenceParts = Schema.Struct({
  episodes: Schema.Finite,
  lastOnset: Schema.NullOr(Schema.Finite),
  fadedAt: Schema.NullOr(Schema.Finite),
  horizons: listOf(
    Schema.Struct({
      weights: listOf(Schema.Finite, shiftEvidenceBins),
      sums: listOf(Schema.Finite, shiftEvidenceBins),
      seen: Schema.Finite
    }),
    horizonsMinutes.length
  )
})
export type OnsetEvidenceParts = typeof OnsetEvidenceParts.Type

export class OnsetEvidence {
  readonly #horizons: ReadonlyArray<ShiftEvidence>
  readonly #coins = new Map<number, Coin>()
  #episodes: number
  #lastOnset: number
  #fadedAt: number
  #now = Number.NEGATIVE_INFINITY
  /** The shortest time between two bars of a coin: their length. */
  #step = Number.POSITIVE_INFINITY

  constructor(parts?: OnsetEvidenceParts) {
    this.#horizons = horizonsMinutes.map((_, index) => new ShiftEvidence(parts?.horizons[index]))
    this.#episodes = parts?.episodes ?? 0
    this.#lastOnset = parts?.lastOnset ?? Number.NEGATIVE_INFINITY
    this.#fadedAt = parts?.fadedAt ?? Number.NaN
  }

  /** Takes a bar; one that is not newer than the coin's last is ignored. */
  update({ coin: index, deviationBps, probabilities, time }: OnsetBar): void {
    const coin = this.#coins.get(index) ?? new Coin()
    this.#coins.set(index, coin)
    if (!(time > coin.last) || Number.isNaN(deviationBps)) return
    if (coin.last > Number.NEGATIVE_INFINITY) this.#step = Math.min(this.#step, time - coin.last)
    // What happened in a hole nobody knows.
    if (time - coin.last > Math.max(holeMillisMax, 3 * this.#step)) coin.forget()
    coin.last = time
    this.#now = Math.max(this.#now, time)
    if (!Number.isFinite(this.#step)) return
    const bars = coin.broken.update(time, deviationBps, riskThresholds.breakBps, this.#step)
    if (bars >= barsToConfirm(this.#step)) {
      if (!coin.inBreak) this.#onset(coin, coin.broken.since - this.#step)
      coin.inBreak = true
    } else if (Math.abs(deviationBps) < riskThresholds.breakBps / 2) coin.inBreak = false
    // Bars beyond the level may yet turn out to be the first of a break: until then nothing is known of what said it.
    if (bars === 0) this.#calm(coin, time)
    // Within a break the model answers another question: whether it still stands.
    if (bars > 0 || coin.inBreak || probabilities.length === 0) return
    coin.waiting.push({ time, odds: probabilities.map((each) => (Number.isNaN(each) ? Number.NaN : logit(each))) })
    if (coin.waiting.length > pendingMax) coin.dropFirst(1)
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
    const known = (value: number) => (Number.isFinite(value) ? value : null)
    return {
      episodes: this.#episodes,
      lastOnset: known(this.#lastOnset),
      fadedAt: known(this.#fadedAt),
      horizons: this.#horizons.map(({ parts }) => parts)
    }
  }

  /** A break began at `onset`: what was said within a horizon before came true. */
  #onset(coin: Coin, onset: number): void {
    this.#calm(coin, onset)
    for (const [index, minutes] of horizonsMinutes.entries()) {
      for (let at = coin.settled[index]!; at < coin.waiting.length; at++) this.#settle(index, minutes, coin.waiting[at]!, true)
    }
    coin.forget()
    if (onset - this.#lastOnset > episodeGapMillis) this.#episodes++
    this.#lastOnset = Math.max(this.#lastOnset, onset)
  }

  /** No break began up to `time`: predictions whose horizon has ended did not come true. */
  #calm(coin: Coin, time: number): void {
    for (const [index, minutes] of horizonsMinutes.entries()) {
      let at = coin.settled[index]!
      for (; at < coin.waiting.length && coin.waiting[at]!.time + minutes * minute <= time; at++)
        this.#settle(index, minutes, coin.waiting[at]!, false)
      coin.settled[index] = at
    }
    coin.dropFirst(coin.settled.at(-1)!)
  }

  #settle(index: number, minutes: number, { odds }: Waiting, came: boolean): void {
    this.#horizons[index]!.add(odds[index] ?? Number.NaN, Math.min(1, this.#step / (minutes * minute)), came)
  }

  #fade(): void {
    if (Number.isNaN(this.#fadedAt)) this.#fadedAt = this.#now
    const elapsed = this.#now - this.#fadedAt
    if (!(elapsed > 0) || !Number.isFinite(elapsed)) return
    const factor = 2 ** (-elapsed / halfLifeMillis)
    for (const evidence of this.#horizons) evidence.fade(factor)
    this.#episodes *= factor
    this.#fadedAt = this.#now
  }
}
