/** Reports of months, for whoever asks the engine. */
import { EventStore } from "@evenkeel/store/event/EventStore"
import { Context, Effect, Layer, Semaphore } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { makeReport } from "./MakeReport.ts"
import { readMonth } from "./MonthFacts.ts"
import type { Report } from "./Report.ts"

export class Reports extends Context.Service<
  Reports,
  {
    /** `month` as `2026-11`; one at a time, since the whole log is checked. */
    readonly of: (month: string) => Effect.Effect<Report, SqlError.SqlError>
  }
>()("@evenkeel/assessment/compliance/Reports") {
  /** `publicKey`: the engine's, PEM; where there is none, the key that a seal names is believed. */
  static readonly layer = (options: { readonly publicKey: string | undefined }) =>
    Layer.effect(
      Reports,
      Effect.gen(function* () {
        const turn = yield* Semaphore.make(1)
        const context = yield* Effect.context<EventStore | SqlClient.SqlClient>()
        return Reports.of({
          of: (month) => readMonth(month, options.publicKey).pipe(Effect.map(makeReport), Effect.provideContext(context), turn.withPermit)
        })
      })
    )

  /** A double that knows this report alone. */
  static readonly layerTest = (report: Report) => Layer.succeed(Reports, Reports.of({ of: () => Effect.succeed(report) }))
}
