/** Where the work of a tuning is done: in the threads of the worker pool, so that every core is used and the main thread stays free. */
import type { Scaler } from "@evenkeel/learning/data/Scaler"
import type { FigureReport } from "@evenkeel/learning/metric/Bootstrap"
import { type JobFailed, type PoolFull, WorkerPool } from "@evenkeel/runtime/worker/WorkerPool"
import { Context, Effect, Layer } from "effect"
import { jobOf, layerCommandPool } from "../training/Jobs.ts"
import { type ImportanceInput, importanceOf, informationOf, type RankInput, scalerOf } from "./FeatureRank.ts"
import { judge, type JudgeInput } from "./Judge.ts"
import { scoreTrial, type TrialInput } from "./ScoreTrial.ts"

type Answer<A> = Effect.Effect<A, PoolFull | JobFailed>

export class Tuner extends Context.Service<
  Tuner,
  {
    readonly scale: (input: Omit<RankInput, "seed">) => Answer<Scaler>
    readonly inform: (input: RankInput) => Answer<Float64Array>
    readonly score: (input: TrialInput) => Answer<number>
    readonly weigh: (input: ImportanceInput) => Answer<Float64Array>
    readonly judge: (input: JudgeInput) => Answer<ReadonlyArray<FigureReport | undefined>>
  }
>()("@evenkeel/lab/tuning/Tuner") {
  static readonly layer = Layer.effect(
    Tuner,
    Effect.map(WorkerPool, (pool) => {
      const job = jobOf(pool)
      return Tuner.of({
        scale: job(import.meta.resolve("@evenkeel/lab/tuning/FeatureRank"), "scalerOf"),
        inform: job(import.meta.resolve("@evenkeel/lab/tuning/FeatureRank"), "informationOf"),
        score: job(import.meta.resolve("@evenkeel/lab/tuning/ScoreTrial"), "scoreTrial"),
        weigh: job(import.meta.resolve("@evenkeel/lab/tuning/FeatureRank"), "importanceOf"),
        judge: job(import.meta.resolve("@evenkeel/lab/tuning/Judge"), "judge")
      })
    })
  )

  static readonly layerSameThread = Layer.succeed(
    Tuner,
    Tuner.of({
      scale: (input) => Effect.sync(() => scalerOf(input)),
      inform: (input) => Effect.sync(() => informationOf(input)),
      score: (input) => Effect.sync(() => scoreTrial(input)),
      weigh: (input) => Effect.sync(() => importanceOf(input)),
      judge: (input) => Effect.sync(() => judge(input))
    })
  )
}

/** For commands. */
export const layerTuning = Tuner.layer.pipe(Layer.provide(layerCommandPool))
