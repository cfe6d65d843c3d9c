/** The log of an engine, for commands that look at what is there: where there is none they say so, and where one may be. */
import { layerDatabaseBeside } from "@evenkeel/store/database/Database"
import { isMade } from "@evenkeel/store/database/Embedded"
import { Effect, type FileSystem, Layer, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import type { EngineConfig } from "../config/EngineConfig.ts"
import { databaseOptions, demoDataOf } from "../engine/EngineSetup.ts"

/** No engine has had this data directory. */
export class NoLog extends Schema.TaggedError<NoLog>()("NoLog", {
  data: Schema.String,
  /** The data directory of a plain demo that has run there. */
  demo: Schema.optionalKey(Schema.String)
}) {
  override get message() {
    return `there is no log in ${this.data}: ${
      this.demo === undefined
        ? "no engine has run with this data directory; name the engine's own with EVENKEEL_DATA"
        : `a plain demo's is in ${this.demo}: EVENKEEL_DATA=${this.demo}`
    }`
  }
}

const noLog = (config: EngineConfig): Effect.Effect<Layer.Layer<SqlClient.SqlClient>, NoLog, FileSystem.FileSystem> =>
  Effect.flatMap(isMade(databaseOptions({ ...config, data: demoDataOf(config) }).directory), (made) =>
    Effect.fail(new NoLog({ data: config.data, ...(made ? { demo: demoDataOf(config) } : {}) }))
  )

/** The store's database as it is configured, also while an engine has it open. It is never made. */
export const databaseOfLog = (config: EngineConfig) =>
  layerDatabaseBeside(databaseOptions(config), { create: false }).pipe(Layer.catchTag("DatabaseMissing", () => Layer.unwrap(noLog(config))))
