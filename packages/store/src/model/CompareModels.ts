/** Compares the table of models with the facts about them in the log, and each model's bytes with its hash. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { differencesOf, hasFirstLog, type Row } from "../event/Differences.ts"
import { foldFacts } from "../event/Projection.ts"
import type { ModelFacts } from "./ModelRegistry.ts"

const modelsFamily = "model"

/** What differs, in words; how long models served and how well is not in the log. */
export const compareModels = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const expected = new Map<string, { name: string; sha256: string; bytes: string; status: string }>()
  const become = (version: number | null, status: string) => {
    const model = expected.get(String(version))
    if (model !== undefined) model.status = status
  }
  const folds: { readonly [Kind in keyof ModelFacts]: (fact: ModelFacts[Kind]) => void } = {
    ModelAdded: ({ name, sha256, status, version }) => expected.set(String(version), { name, sha256, bytes: sha256, status }),
    ModelPromoted: ({ former, version }) => {
      become(former, "challenger")
      become(version, "champion")
    },
    ModelRolledBack: ({ retired, version }) => {
      become(retired, "retired")
      become(version, "champion")
    },
    // The table has none of it.
    ModelRecalibrated: () => {}
  }
  yield* foldFacts({
    families: [modelsFamily],
    clear: Effect.void,
    apply: ({ kind, payload }) => Effect.sync(() => folds[kind as keyof ModelFacts]?.(JSON.parse(payload) as never))
  })
  const rows = yield* sql<Row & { version: string }>`
    select version::text as version, name, sha256, encode(sha256(decode(bytes, 'base64')), 'hex') as bytes, status from model order by version`
  return differencesOf("model", expected, new Map(rows.map((row) => [row.version, row])), yield* hasFirstLog)
})
