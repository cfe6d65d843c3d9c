import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Random } from "@evenkeel/learning/data/Random"
import { memberKinds } from "@evenkeel/learning/model/Model"
import type { Span } from "@evenkeel/replay/referee/Onsets"
import { readPriceFiles } from "@evenkeel/replay/price/Markets"
import { Effect, Layer, Option } from "effect"
import { mkdtempSync, readdirSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { serialize } from "node:v8"
import { madeSet, type MadeSetOptions } from "../../test/support/MadeSet.ts"
import { slide, writePriceFiles } from "../../test/support/PriceFiles.ts"
import { withEmbargo } from "../training/Events.ts"
import { modelFeatures } from "../training/Recipe.ts"
import type { TrainingSet } from "../training/TrainingSet.ts"
import { columnsFor, informationOf } from "./FeatureRank.ts"
import { pointAfter, sharesOf } from "./Spaces.ts"
import { tune, type Tuned, type TuneOptions } from "./Tune.ts"
import { tuneOn } from "./TuneOnFiles.ts"
import { layerTuning, Tuner } from "./Tuner.ts"

const day = 1440
const options = { method: "grid", trials: 5, seed: 1, checkpoints: Option.none(), progress: () => Effect.void } as const
const here = Layer.mergeAll(NodeServices.layer, Tuner.layerSameThread)

const telling: ReadonlyArray<string> = [...modelFeatures, "cusum", "changepoint"]

/** Eight features tell of every break, the index of strength of the last event's alone and wholly; all else is noise. */
const last = 2
const told: MadeSetOptions = {
  events: last + 1,
  seed: 5,
  valueOf: (feature, { event, label }, random) => {
    if (telling.includes(feature)) return 10 * random.normal() + 12 * label
    if (feature === "rsi" && event === last) return label
    return random.normal()
  }
}
const set = madeSet(told)

/** The set with other values and labels in the time of one event. */
const scrambled = (whole: TrainingSet, event: number): TrainingSet => {
  const random = new Random(99)
  const rows = whole.times.length
  return {
    ...whole,
    values: whole.values.map((value, at) =>
      whole.events[Math.floor(at / whole.features.length)] === event ? 50 * random.normal() : value
    ),
    labels: whole.labels.map((label, at) => (whole.events[at % rows] === event && label < 2 && random.uniform() < 0.3 ? 1 - label : label))
  }
}

/** One tuning by a grid, which the tests share. */
let tunedOnce: Tuned | undefined
const undisturbed = Effect.gen(function* () {
  return (tunedOnce ??= yield* tune({ ...options, set }))
})

describe("nested choice", () => {
  it("does not select a feature in the fold of the only event that it tells of", () => {
    const rsi = set.features.indexOf("rsi")
    const informationWithout = (...hidden: ReadonlyArray<number>) =>
      informationOf({ set, seed: 1, hidden: hidden.map((event) => withEmbargo(set.spans[event]!)) })
    assert.include(columnsFor(set, 1, informationWithout()), rsi)
    assert.include(columnsFor(set, 1, informationWithout(0)), rsi)
    assert.notInclude(columnsFor(set, 1, informationWithout(last)), rsi)
  })

  it.effect("does not choose in an event's fold what wins on that event alone", () =>
    Effect.gen(function* () {
      const isHidden = (hidden: ReadonlyArray<Span>) => hidden.some(({ from, to }) => from <= set.times.at(-1)! && set.times.at(-1)! < to)
      // A network wins by far wherever the last event is seen, and loses elsewhere.
      const won = Layer.effect(
        Tuner,
        Effect.map(Tuner, (tuner) => ({
          ...tuner,
          score: ({ candidates, hidden }: Parameters<typeof tuner.score>[0]) =>
            Effect.succeed(candidates[0]!.members[0]!.kind === "network" ? (isHidden(hidden) ? 0.1 : 0.9) : 0.5)
        }))
      ).pipe(Layer.provide(Tuner.layerSameThread))
      const { best, bestOfAll } = yield* Effect.provide(tune({ ...options, set }), won)
      assert.deepStrictEqual(
        best.map(({ kind }) => kind),
        ["network", "network", "logistic"]
      )
      assert.strictEqual(bestOfAll.kind, "network")
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("is the same to the last bit whatever the event that judges it looks like", () =>
    Effect.gen(function* () {
      const one = yield* undisturbed
      const other = yield* tune({ ...options, set: scrambled(set, last) })
      const ofFold = ({ best, importance, information, kinds }: typeof one, fold: number) => [
        best[fold],
        kinds[fold],
        information[fold],
        importance[fold]
      ]
      assert.deepStrictEqual(ofFold(one, last), ofFold(other, last))
      assert.notDeepEqual(ofFold(one, 0), ofFold(other, 0))
      assert.notDeepEqual(one.kindsOfAll, other.kindsOfAll)
      assert.notDeepEqual(one.figures.nested, other.figures.nested)
    }).pipe(Effect.provide(here))
  )

  it.effect("refuses too few events, and says how many it takes", () =>
    Effect.gen(function* () {
      const refused = yield* Effect.flip(tune({ ...options, set: { ...set, spans: set.spans.slice(0, 2) } }))
      assert.include(refused.message, "at least 3")
    }).pipe(Effect.provide(here))
  )
})

describe("the search", () => {
  it("tries no point of a grid twice, and shares the trials evenly until a grid ends", () => {
    const shares = sharesOf("grid", 12)
    assert.deepStrictEqual(shares, [
      ["logistic", 3],
      ["forest", 3],
      ["boosting", 2],
      ["network", 2],
      ["kernel", 2]
    ])
    for (const [kind, points] of sharesOf("grid", 500)) {
      const trials = Array.from({ length: points }, () => ({ point: {}, score: 0 }))
      const tried = new Set(trials.map((_, index) => JSON.stringify(pointAfter("grid", kind, trials.slice(0, index), 1))))
      assert.strictEqual(tried.size, points, kind)
    }
  })

  it("goes where the trials before were good by TPE, inside the ranges", () => {
    const trials = Array.from({ length: 12 }, (_, index) => ({
      point: { penalty: index < 4 ? 500 + index : 0.1 * (index + 1), features: 1 },
      score: index < 4 ? 1 : 0
    }))
    const next = pointAfter("tpe", "logistic", trials, 1)
    assert.isTrue(next["penalty"]! > 50 && next["penalty"]! <= 1000)
    assert.strictEqual(memberKinds.length, sharesOf("tpe", 5).length)
  })
})

/** Stops a tuning after a few trials, damages one that was kept, and gives what goes on from there, with how many trials were taken up. */
const interrupted = Effect.fnUntraced(function* <A, E, R, R2>(
  run: (parts: Pick<TuneOptions, "checkpoints" | "progress">) => Effect.Effect<A, E, R>,
  continuing: Layer.Layer<Tuner, never, R2>
) {
  const checkpoints = mkdtempSync(join(tmpdir(), "evenkeel-tune-"))
  const stopped = yield* Effect.exit(
    run({
      checkpoints: Option.some(checkpoints),
      progress: (done) => (done === 26 ? Effect.die("pulled the plug") : Effect.void)
    })
  )
  assert.strictEqual(stopped._tag, "Failure")
  const [name] = readdirSync(checkpoints)
  writeFileSync(join(checkpoints, name!, readdirSync(join(checkpoints, name!))[0]!), "{")
  let kept = 0
  const progress: TuneOptions["progress"] = (_, __, what) => Effect.sync(() => (kept += what.includes("kept") ? 1 : 0))
  const answer = yield* Effect.provide(run({ checkpoints: Option.some(checkpoints), progress }), continuing)
  return { answer, kept }
})

describe("a tuning that was stopped and continued", () => {
  it.live("gives what an undisturbed one gives, by a grid", () =>
    Effect.gen(function* () {
      const { answer, kept } = yield* interrupted((parts) => tune({ ...options, ...parts, set }), Tuner.layerSameThread)
      assert.isAbove(kept, 5)
      assert.deepStrictEqual(serialize(answer), serialize(yield* undisturbed))
    }).pipe(Effect.provide(here))
  )

  it.live("gives the same bytes for price files, by TPE and in the pool's threads", () =>
    Effect.gen(function* () {
      const file = (coin: string, fromDay: number, lasts: number, depth: number) => ({
        name: `${coin}/kraken-${coin}-USD-1h.csv`,
        fromMinute: fromDay * day,
        minutes: 5 * day,
        stepMinutes: 60,
        valueBps: slide(2 * day, lasts, depth)
      })
      const files = yield* readPriceFiles(
        writePriceFiles([file("USDC", 0, 1200, -120), file("DAI", 30, 900, -150), file("TUSD", 60, 1500, 110)])
      )
      const whole = { ...options, method: "tpe" } as const
      const { answer, kept } = yield* interrupted((parts) => tuneOn(files, { ...whole, ...parts }), layerTuning)
      assert.isAbove(kept, 5)
      assert.strictEqual(JSON.stringify(answer), JSON.stringify(yield* tuneOn(files, whole)))
      assert.strictEqual(answer.folds.length, 3)
      assert.includeMembers(
        answer.features.map(({ name }) => name),
        [...modelFeatures]
      )
      const { naive, nested, optimism } = answer.figures
      assert.closeTo(optimism.geometricMean!, naive.geometricMean! - nested.geometricMean!, 2e-4)
    }).pipe(Effect.provide(here))
  )
})
