import { assert, describe, it } from "@effect/vitest"
import { Random } from "@evenkeel/learning/data/Random"
import { sigmoid } from "@evenkeel/learning/logistic/LogisticRegression"
import { Schema } from "effect"
import { horizonsMinutes } from "../hotpath/SignalRecord.ts"
import { OnsetEvidence, OnsetEvidenceParts, shiftMax, waitingMax } from "./OnsetEvidence.ts"

const minute = 60_000
const hourHorizon = horizonsMinutes.indexOf(60)
const saying = (probability: number) => horizonsMinutes.map(() => probability)
const ofHour = (evidence: OnsetEvidence) => evidence.shifts()[hourHorizon]!

/** Bars of a minute, from one to another. */
const feed = (evidence: OnsetEvidence, from: number, to: number, deviationBps: number, probability = 0.1, coin = "USDC") => {
  for (let at = from; at < to; at++) evidence.update({ coin, time: at * minute, deviationBps, probabilities: saying(probability) })
}

describe("OnsetEvidence", () => {
  it("counts an onset once for each horizon, however many bars foresaw it, and an hour of bars as one prediction", () => {
    const evidence = new OnsetEvidence()
    feed(evidence, 0, 2 * 1440, 3)
    feed(evidence, 2 * 1440, 3 * 1440, -80)
    const [, , hour, , day] = evidence.shifts()
    assert.closeTo(hour!.seen, 1, 0.02)
    assert.closeTo(day!.seen, 1, 0.02)
    assert.closeTo(hour!.expected, 4.8, 0.08)
    assert.closeTo(day!.expected, 0.2, 0.01)
  })

  it("waits for a break to be confirmed, takes none from a wick, and asks nothing within a break until it is over", () => {
    const evidence = new OnsetEvidence()
    feed(evidence, 0, 100, 3)
    feed(evidence, 100, 102, -80)
    feed(evidence, 102, 200, 3)
    assert.strictEqual(ofHour(evidence).seen, 0)
    feed(evidence, 200, 265, -80)
    const { expected, seen } = ofHour(evidence)
    assert.closeTo(seen, 1, 0.02)
    // Back, but not within half of the level.
    feed(evidence, 265, 400, -40, 0.9)
    assert.closeTo(ofHour(evidence).expected, expected, 0.001)
    feed(evidence, 400, 600, 3)
    assert.isAbove(ofHour(evidence).expected, expected)
  })

  it("knows nothing of what happened in a hole, and ignores what is not newer or no number", () => {
    const evidence = new OnsetEvidence()
    feed(evidence, 0, 50, 3)
    feed(evidence, 5000, 5010, -80)
    assert.deepInclude(ofHour(evidence), { seen: 0, expected: 0 })
    feed(evidence, 0, 50, 3)
    feed(evidence, 5010, 5020, Number.NaN)
    evidence.update({ coin: "USDC", time: 5021 * minute, deviationBps: 0, probabilities: [] })
    assert.deepInclude(ofHour(evidence), { seen: 0, expected: 0 })
  })

  it("shifts nothing before three episodes were expected or came, and never further than it may", () => {
    const evidence = new OnsetEvidence()
    let shifted = 0
    for (let day = 0; shifted === 0 && day < 100; day++) {
      feed(evidence, day * 1440, (day + 1) * 1440, 3, 0.02)
      shifted = ofHour(evidence).shift
    }
    // An episode is taken to be two onsets.
    assert.closeTo(ofHour(evidence).expected, 6, 0.5)
    assert.isBelow(shifted, -0.3)
    feed(evidence, 100 * 1440, 130 * 1440, 3, 0.4)
    assert.strictEqual(ofHour(evidence).shift, -shiftMax)
  })

  it("takes many onsets of one day for one episode, and as many on days apart for evidence", () => {
    const shiftOf = (apart: number) => {
      const evidence = new OnsetEvidence()
      for (let onset = 0; onset < 8; onset++) {
        const from = onset * apart
        feed(evidence, from, from + 120, 3, 0.001)
        feed(evidence, from + 120, from + 130, -80)
        feed(evidence, from + 130, from + apart, 3, 0.001)
      }
      return ofHour(evidence).shift
    }
    assert.strictEqual(shiftOf(180), 0)
    assert.isAbove(shiftOf(5 * 1440), 0.6)
  })

  it("goes on from what was kept, and refuses what is not that", () => {
    const codec = Schema.fromJsonString(OnsetEvidenceParts)
    const evidence = new OnsetEvidence()
    feed(evidence, 0, 20 * 1440, 3)
    const kept = Schema.encodeSync(codec)(evidence.parts)
    assert.deepStrictEqual(new OnsetEvidence(Schema.decodeSync(codec)(kept)).shifts(), evidence.shifts())
    for (const wrong of ["{}", kept.replace('"weights":[0,', '"weights":['), kept.replace('"episodes":0', '"episodes":null')])
      assert.isTrue(Schema.decodeUnknownOption(codec)(wrong)._tag === "None", wrong.slice(0, 40))
  })

  it("keeps a bounded number of predictions, whatever the bars' length", () => {
    for (const bar of [10_000, minute, 7 * minute, 60 * minute]) {
      const evidence = new OnsetEvidence()
      const bars = Math.ceil((3 * 1440 * minute) / bar)
      const update = (at: number, deviationBps: number) =>
        evidence.update({ coin: "USDC", time: at * bar, deviationBps, probabilities: saying(0.1) })
      for (let at = 0; at < bars; at++) update(at, 3)
      const { waiting } = evidence.parts.coins["USDC"]!
      for (const each of waiting) assert.isAtMost(each.length, waitingMax)
      for (let at = bars; at < bars + Math.ceil((1440 * minute) / bar); at++) update(at, -80)
      assert.closeTo(evidence.shifts().at(-1)!.seen, 1, 0.03, `bars of ${bar} ms`)
    }
  })

  it("takes a coin that is broken whenever it is looked at for no onset", () => {
    let evidence = new OnsetEvidence()
    for (let run = 0; run < 20; run++) {
      feed(evidence, run * 200, run * 200 + 100, -9000)
      if (run % 2 === 0) evidence = new OnsetEvidence(evidence.parts)
    }
    assert.strictEqual(evidence.parts.episodes, 0)
    // One that was calm before a restart broke while nobody looked.
    feed(evidence, 4000, 4100, 3)
    evidence = new OnsetEvidence(evidence.parts)
    feed(evidence, 4120, 4200, -80)
    assert.closeTo(evidence.parts.episodes, 1, 0.01)
  })

  it("makes evidence older by time that was observed alone, whatever a clock says", () => {
    const evidence = new OnsetEvidence()
    feed(evidence, 0, 2 * 1440, 3)
    const { expected } = ofHour(evidence)
    const far = 5e6
    feed(evidence, far, far + 5, 3)
    assert.closeTo(ofHour(evidence).expected, expected, 0.01)
    feed(evidence, 2 * 1440, 4 * 1440, 3)
    assert.closeTo(ofHour(evidence).expected, 2 * expected, 0.2)
    const { coins } = new OnsetEvidence(evidence.parts).parts
    assert.strictEqual(coins["USDC"]!.last, (4 * 1440 - 1) * minute)
    feed(evidence, 4 * 1440, 4 * 1440 + 30, -80)
    assert.closeTo(evidence.parts.episodes, 1, 0.01)
  })
})

describe("evidence of a model that is right", () => {
  const days = 100
  const perDay = 1
  const stepMinutes = 5

  /** A coin that breaks without warning, as often as the model says, watched with holes and restarts. */
  const shiftsOf = (isSeen: (at: number) => boolean, restartMinutes = Number.POSITIVE_INFINITY) => {
    const random = new Random(3)
    const codec = Schema.fromJsonString(OnsetEvidenceParts)
    const probabilities = horizonsMinutes.map((minutes) => 1 - Math.exp((-perDay * minutes) / 1440))
    let brokenUntil = -1
    let evidence = new OnsetEvidence()
    for (let at = 0; at < days * 1440; at += stepMinutes) {
      if (at % restartMinutes < stepMinutes)
        evidence = new OnsetEvidence(Schema.decodeSync(codec)(Schema.encodeSync(codec)(evidence.parts)))
      if (brokenUntil < at && random.uniform() < (perDay * stepMinutes) / 1440) brokenUntil = at + 30
      if (isSeen(at)) evidence.update({ coin: "USDC", time: at * minute, deviationBps: brokenUntil >= at ? 300 : 2, probabilities })
    }
    return evidence.shifts()
  }
  const always = () => true

  it.each([
    ["a restart every 12 hours", always, 720],
    ["a restart every day", always, 1440],
    ["a restart every two days and a bit", always, 2900],
    ["a hole of 50 minutes a day", (at: number) => at % 1440 >= 50, undefined],
    ["a hole of 70 minutes a day", (at: number) => at % 1440 >= 70, undefined],
    ["a hole of five hours a day", (at: number) => at % 1440 >= 300, undefined],
    ["a hole of five hours a week", (at: number) => at % 10_080 >= 300, undefined],
    ["a hole of 70 minutes a day, with a restart in it", (at: number) => at % 1440 >= 70, 1440]
  ] as const)("shifts hardly anything after %s", (_, isSeen, restartMinutes) => {
    for (const { minutes, shift } of shiftsOf(isSeen, restartMinutes)) assert.isAtMost(Math.abs(shift), 0.2, `${minutes} m`)
  })
})

/**
 * Four coins in bars of a quarter of an hour, and a model that is right about everything but how often breaks come: they come `rate` times as often as it
 * says. A break brings another on the mean within ten hours, of any coin.
 */
const playDriftedMarket = (
  seed: number,
  rate: number,
  days: number,
  onBar: (bar: { readonly coin: number; readonly time: number; readonly odds: number; readonly deviationBps: number }) => void
) => {
  const random = new Random(seed)
  const step = 15 * minute
  const odds = [-8, -8, -8, -8]
  const brokenBars = [0, 0, 0, 0]
  const following: Array<readonly [time: number, coin: number]> = []
  for (let time = step; time <= days * 1440 * minute; time += step) {
    for (let coin = 0; coin < 4; coin++) {
      odds[coin] = -8.5 + 0.956 * (odds[coin]! + 8.5) + 0.57 * random.normal()
      const due = following.findIndex(([at, which]) => which === coin && at <= time)
      if (brokenBars[coin] === 0 && random.uniform() < (0.5 * rate * sigmoid(odds[coin]!)) / 4) {
        brokenBars[coin] = 6
        for (const _ of [0, 1])
          if (random.uniform() < 0.5) following.push([time + 60 * minute * (2 + 8 * random.uniform()), random.below(4)])
      } else if (brokenBars[coin] === 0 && due >= 0) {
        brokenBars[coin] = 6
        following.splice(due, 1)
      }
      onBar({ coin, time, odds: odds[coin]!, deviationBps: brokenBars[coin]! > 0 ? -80 : 3 })
      if (brokenBars[coin]! > 0) brokenBars[coin]!--
    }
  }
}

describe("a shift that was learned in half a year", () => {
  const learned = 180
  const seeds = 3

  /** Log loss and Brier score in the half year after it, against those of the model as it was. */
  const judge = (rate: number) => {
    const sums = { shifted: 0, plain: 0, shiftedBrier: 0, plainBrier: 0 }
    for (let seed = 1; seed <= seeds; seed++) {
      const evidence = new OnsetEvidence()
      let shift = Number.NaN
      const last = [0, 0, 0, 0].map(() => ({ odds: Number.NaN, beyond: false, said: [] as Array<readonly [time: number, odds: number]> }))
      const score = (odds: number, came: boolean) => {
        const add = (name: "shifted" | "plain", probability: number) => {
          sums[name] -= Math.log(came ? probability : 1 - probability)
          sums[`${name}Brier`] += (probability - (came ? 1 : 0)) ** 2
        }
        add("plain", sigmoid(odds))
        add("shifted", sigmoid(odds + shift))
      }
      playDriftedMarket(seed, rate, 2 * learned, ({ coin, deviationBps, odds, time }) => {
        if (time <= learned * 1440 * minute) {
          const probabilities = horizonsMinutes.map((minutes) => (minutes === 60 ? sigmoid(odds) : Number.NaN))
          return evidence.update({ coin: String(coin), time, deviationBps, probabilities })
        }
        if (Number.isNaN(shift)) shift = ofHour(evidence).shift
        const own = last[coin]!
        const isBeyond = deviationBps < -50
        while (own.said.length > 0 && own.said[0]![0] + 60 * minute < time) score(own.said.shift()![1], false)
        if (isBeyond) for (const [, each] of own.said.splice(0)) score(each, !own.beyond)
        else own.said.push([time, odds])
        own.beyond = isBeyond
      })
    }
    return { logLoss: sums.shifted / sums.plain, brier: sums.shiftedBrier / sums.plainBrier }
  }

  it("makes probabilities better where breaks come more or less often than they did, and hardly worse where they do not", () => {
    const [rarer, same, oftener] = [judge(0.2), judge(1), judge(4)]
    assert.isBelow(rarer.logLoss, 0.9)
    assert.isBelow(rarer.brier, 0.95)
    assert.isBelow(same.logLoss, 1.015)
    assert.isBelow(same.brier, 1.015)
    assert.isBelow(oftener.logLoss, 0.96)
    assert.isBelow(oftener.brier, 1.005)
  })
})
