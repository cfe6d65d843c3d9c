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

/** One training runs at a time, so none waits in the pool for long. */
const retrainingPool = { threads: 1, waitingMax: 1 }

export const layerPrediction = (models: EngineConfig["models"]) =>
  models.enabled && models.onnx.file !== "" ? layerOnnxPrediction(models.onnx) : layerRegistryPrediction(models)

const layerRegistryPrediction = (models: EngineConfig["models"]) =>
  models.trainingData === ""
    ? Prediction.layer({ ...models, retrain: Option.none() })
    : Layer.unwrap(
        Effect.map(makeRetrain(models.trainingData), (retrain) => Prediction.layer({ ...models, retrain: Option.some(retrain) }))
      ).pipe(Layer.provide(WorkerPool.layer(retrainingPool)))
