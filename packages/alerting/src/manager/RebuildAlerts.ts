/** Makes the table of alerts anew from the facts about alerts in the log. */
import { foldFacts } from "@evenkeel/store/event/Projection"
import { Effect, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { AlertTable } from "./AlertTable.ts"
import { AlertState } from "./Decide.ts"

/** The family of facts about alerts. */
export const alertsFamily = "alert"

const decodeState = Schema.decodeUnknownEffect(Schema.fromJsonString(AlertState))

/** All of it or nothing; how many facts were folded. */
export const rebuildAlerts = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const table = yield* AlertTable
  const fold = foldFacts({
    families: [alertsFamily],
    clear: table.clear,
    apply: ({ payload }) => Effect.flatMap(decodeState(payload), table.apply)
  })
  return yield* sql.withTransaction(fold)
})
