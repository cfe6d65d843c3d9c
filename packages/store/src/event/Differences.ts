/** Where the rows of a table that is made from the log are not what the log's facts say; for whoever audits. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export type Row = Readonly<Record<string, string | number | boolean | null>>

/** In words, by row. `expected` and `found` by the row's name; `unknownAllowed`: rows that no fact speaks of may be there. */
export const differencesOf = (
  table: string,
  expected: ReadonlyMap<string, Row>,
  found: ReadonlyMap<string, Row>,
  unknownAllowed = false
): ReadonlyArray<string> => [
  ...[...expected].flatMap(([name, row]) => {
    const actual = found.get(name)
    if (actual === undefined) return [`${table} ${name} is missing`]
    return Object.keys(row)
      .filter((column) => row[column] !== actual[column])
      .map((column) => `${table} ${name} has another ${column} than the log`)
  }),
  ...(unknownAllowed ? [] : [...found.keys()].filter((name) => !expected.has(name)).map((name) => `${table} ${name} is not in the log`))
]

/** Rows that the log's first version has left are not spoken of by facts of the present families. */
export const hasFirstLog = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.map(sql`select 1 from event_chain where family = 'legacy'`, (rows) => rows.length > 0)
)
