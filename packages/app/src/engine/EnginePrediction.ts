/**
 * The prediction engine as it is configured: an ONNX file where one is named, else the registry's models. Where there is data to train on, retraining
 * has a pool of one thread for itself.
 */
import { layerOnnxPrediction } from "@evenkeel/detection/host/OnnxPrediction"
import { Prediction } from "@evenkeel/detection/host/Prediction"
import { makeRetrain } from "@evenkeel/lab/training/Retrain"
import { WorkerPool } from "@evenkeel/runtime/worker/WorkerPool"
import { Effect, Layer, Option } from "effect"
import type { EngineConfig } from "../config/EngineConfig.ts"
import type { EngineSetup } from "./EngineSetup.ts"

/** One training runs at a time, so none waits in the pool for long. */
const retrainingPool = { threads: 1, waitingMax: 1 }

export const layerPrediction = (config: EngineConfig, setup: EngineSetup) =>
  config.models.enabled && config.models.onnx.file !== "" ? layerOnnxPrediction(config.models.onnx) : layerRegistryPrediction(config, setup)

/** What a made-up market does says nothing of a model. */
export const predictionOptionsOf = (
  { models }: Pick<EngineConfig, "models">,
  { engineName, simulated }: Pick<EngineSetup, "engineName" | "simulated">
) => ({ ...models, engineName, recalibrate: models.recalibrate && !simulated, credits: !simulated })

const layerRegistryPrediction = (config: EngineConfig, setup: EngineSetup) => {
  const { data, journal, models } = config
  const { simulated, warmStart } = setup
  const options = predictionOptionsOf(config, setup)
  // Where the market's time begins anew with each run, what the runs before recorded is another market.
  const hasJournal = journal.enabled && warmStart
  if (!models.enabled || (models.trainingData === "" && !hasJournal)) return Prediction.layer({ ...options, retrain: Option.none() })
  const retrain = makeRetrain({
    ...(models.trainingData === "" ? {} : { prices: models.trainingData }),
    ...(hasJournal ? { journal: { directory: `${data}/journal`, simulated } } : {})
  })
  return Layer.unwrap(Effect.map(retrain, (each) => Prediction.layer({ ...options, retrain: Option.some(each) }))).pipe(
    Layer.provide(WorkerPool.layer(retrainingPool))
  )
}
