/**
 * Reads every coin's last bar once, and compares what the model said with what came of it: findings of drift, what each version earned, and by how much
 * the log odds of the one that serves should shift.
 *
 * The reward of an hour of service is one less the mean squared error of its predictions, so a model that is always right earns one an hour.
 */
import { logit, sigmoid } from "@evenkeel/learning/logistic/LogisticRegression"
import type { ModelFile } from "@evenkeel/learning/model/ModelFile"
import { type DriftFinding, DriftWatch } from "../drift/DriftWatch.ts"
import { OnsetEvidence, type OnsetEvidenceParts } from "../drift/OnsetEvidence.ts"
import { Outcomes } from "../drift/Outcomes.ts"
import { coinFeatureNames, featureRow } from "../feature/coin/CoinFeatures.ts"
import { horizonsMinutes } from "../hotpath/SignalRecord.ts"
import type { Detection } from "./Detection.ts"

/** Predictions of the horizon that models are judged by. */
const judgedHorizon = horizonsMinutes.indexOf(60)
/** Bars of a minute: so much of an hour of service is one prediction. */
const hoursOfPrediction = 1 / 60

export interface Earned {
  /** Hours that the version served. */
  readonly served: number
  readonly reward: number
}

export class PredictionWatch {
  readonly #detection: Pick<Detection["Service"], "coins" | "coin" | "features">
  readonly #outcomes = new Outcomes()
  readonly #earned = new Map<number, Earned>()
  /** Close of the last bar that was read, by coin. */
  readonly #lastClose: Float64Array
  readonly #row = new Float64Array(featureRow)
  #drift: DriftWatch | undefined
  #onsets = new OnsetEvidence()
  #version = 0
  /** With which the model serves, by horizon; see `shiftHead`. */
  #shifts: ReadonlyArray<number> = []

  constructor(detection: Pick<Detection["Service"], "coins" | "coin" | "features">) {
    this.#detection = detection
    this.#lastClose = new Float64Array(detection.coins.length)
  }

  /** What the model that serves said of onsets, and what came. */
  get onsets(): OnsetEvidence {
    return this.#onsets
  }

  /** Compares with the training of this model from now on, and its onsets with what came; `evidence` is what is known of them already. */
  follow({ model: { features }, provenance: { profiles } }: ModelFile, version: number, evidence?: OnsetEvidenceParts): void {
    this.#version = version
    this.#onsets = new OnsetEvidence(evidence)
    this.#drift = new DriftWatch({ names: features, columns: features.map((name) => coinFeatureNames.indexOf(name)), profiles })
  }

  /** The model serves with these shifts from now on. A bar that closed just before is read as if it had them already. */
  shift(shifts: ReadonlyArray<number>): void {
    this.#shifts = shifts
  }

  /** No model came of a finding: it is made again where it still holds. */
  again(): void {
    this.#drift?.again()
  }

  /** Reads the bars that have closed since the last call. */
  observe(): ReadonlyArray<DriftFinding> {
    const findings: Array<DriftFinding | undefined> = []
    for (let coin = 0; coin < this.#lastClose.length; coin++) {
      if (!this.#detection.features(coin, this.#row) || this.#row[0] === this.#lastClose[coin]) continue
      const state = this.#detection.coin(coin)
      if (state === undefined) continue
      const time = (this.#lastClose[coin] = this.#row[0]!)
      findings.push(this.#drift?.features(this.#row.subarray(1)))
      const deviationBps = state.deviationBps ?? Number.NaN
      const said = state.model?.version === this.#version ? state.model.horizons : []
      const probabilities = said.map(({ probability }, horizon) =>
        probability === null ? Number.NaN : sigmoid(logit(probability) - (this.#shifts[horizon] ?? 0))
      )
      this.#onsets.update({ coin: this.#detection.coins[coin]!.symbol, time, deviationBps, probabilities })
      const outcomes = this.#outcomes.update({
        coin,
        time,
        deviationBps,
        version: state.model?.version ?? 0,
        probability: state.model?.horizons[judgedHorizon]?.probability ?? Number.NaN
      })
      for (const { broke, probability, version } of outcomes) {
        const squaredError = (probability - (broke ? 1 : 0)) ** 2
        const { reward, served } = this.#earned.get(version) ?? { served: 0, reward: 0 }
        this.#earned.set(version, {
          served: served + hoursOfPrediction,
          reward: reward + (1 - squaredError) * hoursOfPrediction
        })
        findings.push(this.#drift?.error(squaredError))
      }
    }
    return findings.filter((finding) => finding !== undefined)
  }

  /** What each version earned and has not been credited yet. */
  earned(): ReadonlyArray<readonly [version: number, earned: Earned]> {
    return [...this.#earned]
  }

  /** The registry has what a version earned: counting starts anew. */
  credited(version: number): void {
    this.#earned.delete(version)
  }
}
