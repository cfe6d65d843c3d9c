/** Makes the table of alerts anew from the facts about alerts in the log. */
import { beginning, type Cursor, EventStore } from "@evenkeel/store/event/EventStore"
import { Effect, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { AlertTable } from "./AlertTable.ts"
import { AlertState } from "./Decide.ts"

/** The family of facts about alerts. */
export const alertsFamily = "alert"

const page = 1000
const decodeState = Schema.decodeUnknownEffect(Schema.fromJsonString(AlertState))

/** All of it or nothing; how many facts were folded. */
export const rebuildAlerts = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const events = yield* EventStore
  const table = yield* AlertTable
  return yield* sql.withTransaction(
    Effect.gen(function* () {
      yield* table.clear
      let after: Cursor = beginning
      let folded = 0
      for (;;) {
        const facts = yield* events.read({ after, limit: page, families: [alertsFamily] })
        for (const { payload } of facts) yield* table.apply(yield* decodeState(payload))
        folded += facts.length
        const last = facts.at(-1)
        if (last === undefined || facts.length < page) return folded
        after = last
      }
    })
  )
})
