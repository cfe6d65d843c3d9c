/**
 * Which model serves for the next while: the champion, or a challenger that Thompson sampling gives a turn.
 *
 * The shipped model is entered into the registry at the start: as the champion where there is none, else as a challenger, which a person may
 * promote. An upgrade of the program therefore never changes who serves by itself.
 */
import type { Random } from "@evenkeel/learning/data/Random"
import { chooseArm } from "@evenkeel/learning/drift/ThompsonSampling"
import { type ModelEntry, ModelRegistry } from "@evenkeel/store/model/ModelRegistry"
import { Clock, Effect, Option } from "effect"
import { openModel, sha256Of } from "../model/ModelFiles.ts"

/** Undefined where the registry has no champion: then the detectors alone decide. */
export const chooseModel = (
  entries: ReadonlyArray<ModelEntry>,
  options: { readonly challengers: boolean },
  random: Random
): ModelEntry | undefined => {
  const champion = entries.find(({ status }) => status === "champion")
  if (champion === undefined || !options.challengers) return champion
  const arms = [champion, ...entries.filter(({ status }) => status === "challenger")]
  return arms[chooseArm(arms, random)]
}

/** Enters the shipped model into the registry, unless it is in it or none is shipped. */
export const enterShippedModel = Effect.fn("PredictionChoice.enterShippedModel")(function* () {
  const registry = yield* ModelRegistry
  const shipped = yield* openModel(Option.none())
  if (Option.isNone(shipped)) return
  const { bytes, name } = shipped.value
  const sha256 = sha256Of(bytes)
  const entries = yield* registry.list
  if (entries.some((entry) => entry.sha256 === sha256)) return
  const status = entries.some((entry) => entry.status === "champion") ? "challenger" : "champion"
  yield* registry.add({ name, sha256, bytes, status, at: yield* Clock.currentTimeMillis })
})
