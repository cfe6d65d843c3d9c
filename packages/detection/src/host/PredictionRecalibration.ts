/**
 * Shifts the log odds of the model that serves where it expects more or fewer onsets than come; see `OnsetEvidence` for what counts as evidence.
 *
 * A shift is a fact in the log before it serves, and stands over a restart for as long as its version serves. What it rests on is kept as a snapshot,
 * so that evidence of months is not lost with it. Both are an engine's own: another on the same database serves another market. The model's file is
 * never changed.
 */
import { shiftHead } from "@evenkeel/learning/calibration/Shift"
import type { Model } from "@evenkeel/learning/model/Model"
import { databaseProblem } from "@evenkeel/store/database/DatabaseProblem"
import { ModelRegistry, type Recalibration } from "@evenkeel/store/model/ModelRegistry"
import { Snapshots } from "@evenkeel/store/snapshot/Snapshots"
import { Effect, Option, Schema } from "effect"
import { OnsetEvidenceParts } from "../drift/OnsetEvidence.ts"
import { horizonsMinutes } from "../hotpath/SignalRecord.ts"
import type { PredictionWatch } from "./PredictionWatch.ts"

/** A change of a shift that is smaller is not made: it would be noise, and a fact an hour. */
const stepMin = 0.1
const snapshotName = (engine: string) => `onset evidence/${engine}`

const Kept = Schema.fromJsonString(Schema.Struct({ version: Schema.Int, evidence: OnsetEvidenceParts }))
const decodeKept = Schema.decodeUnknownOption(Kept)
const encodeKept = Schema.encodeSync(Kept)

export const noShifts: ReadonlyArray<number> = horizonsMinutes.map(() => 0)

/** The model as it serves: heads that tell whether a break begins are shifted, those that tell whether one stands are not. */
export const shiftModel = (model: Model, shifts: ReadonlyArray<number>): Model => ({
  ...model,
  heads: model.heads.map((head) => {
    const horizon = horizonsMinutes.findIndex((minutes) => minutes === head.horizonMinutes)
    return head.label === "onset" ? shiftHead(head, shifts[horizon] ?? 0) : head
  })
})

/** `+0.42 (60 m)`; empty where nothing is shifted. */
export const textOfShifts = (shifts: ReadonlyArray<number>): string =>
  shifts
    .flatMap((shift, index) => (shift === 0 ? [] : [`${shift > 0 ? "+" : ""}${shift.toFixed(2)} (${horizonsMinutes[index]} m)`]))
    .join(", ")

/** What a version of the run before had learned of itself. */
export const takeUpRecalibration = Effect.fn("PredictionRecalibration.takeUp")(function* (engine: string, version: number) {
  const registry = yield* ModelRegistry
  const snapshots = yield* Snapshots
  const last = Option.filter(yield* registry.recalibration(engine), (fact) => fact.version === version && fact.reason === "evidence")
  const kept = Option.flatMap(yield* snapshots.load(snapshotName(engine)), ({ payload }) => decodeKept(new TextDecoder().decode(payload)))
  return {
    shifts: Option.match(last, {
      onNone: () => noShifts,
      onSome: ({ horizons }) => horizonsMinutes.map((minutes) => horizons.find((each) => each.minutes === minutes)?.to ?? 0)
    }),
    evidence: Option.getOrUndefined(
      Option.map(
        Option.filter(kept, (each) => each.version === version),
        ({ evidence }) => evidence
      )
    )
  }
})

/** Keeps the evidence for a next run. */
export const keepEvidence = Effect.fnUntraced(
  function* (engine: string, watch: PredictionWatch, version: number) {
    const bytes = new TextEncoder().encode(encodeKept({ version, evidence: watch.onsets.parts }))
    yield* (yield* Snapshots).save(snapshotName(engine), 0, bytes)
  },
  Effect.catch((error) => Effect.logWarning("evidence on the model's onsets was not written", { problem: databaseProblem(error) }))
)

/** The fact that is to be made by now; none where what serves is near enough. */
export const dueRecalibration = (
  engine: string,
  watch: PredictionWatch,
  version: number,
  standing: ReadonlyArray<number>
): Option.Option<Recalibration> => {
  const found = watch.onsets.shifts()
  if (found.every(({ shift }, index) => Math.abs(shift - standing[index]!) < stepMin)) return Option.none()
  return Option.some({
    engine,
    version,
    reason: "evidence",
    horizons: found.map(({ expected, minutes, seen, shift }, index) => ({ minutes, from: standing[index]!, to: shift, seen, expected }))
  })
}

/** Another model serves than the one with these shifts. */
export const resetOf = (engine: string, version: number, standing: ReadonlyArray<number>): Recalibration => ({
  engine,
  version,
  reason: "reset",
  horizons: horizonsMinutes.map((minutes, index) => ({ minutes, from: standing[index]!, to: 0, seen: 0, expected: 0 }))
})
