import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Option } from "effect"
import { loadConfig } from "../config/LoadConfig.ts"
import { runAlertsList } from "./Alerts.ts"
import { runAudit } from "./Audit.ts"
import { runConsumersList } from "./Consumers.ts"
import { runEvidenceExport } from "./Evidence.ts"
import { runModelsList } from "./Models.ts"
import { runReport } from "./Report.ts"

describe("commands that look into the log", () => {
  it.effect("fail where there is none and leave nothing there, and name the directory of a demo's", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const data = yield* files.makeTempDirectoryScoped()
      // Nobody answers at this port.
      const config = yield* loadConfig(Option.none(), { EVENKEEL_DATA: data, EVENKEEL_HTTP_PORT: "1" })
      const commands = {
        audit: runAudit(config, { against: Option.none(), exportTo: Option.none() }),
        alerts: runAlertsList(config, false),
        consumers: runConsumersList(config),
        models: runModelsList(config),
        report: runReport(config, { month: "2026-11", out: Option.none(), html: false, json: false }),
        evidence: runEvidenceExport(config, { term: "usdc", out: `${data}/evidence.json` })
      }
      for (const [name, command] of Object.entries(commands)) {
        const { message } = yield* Effect.flip<unknown, { readonly message: string }, FileSystem.FileSystem>(command)
        assert.include(message, `there is no log in ${data}: no engine has run with this data directory`, name)
        assert.deepStrictEqual(yield* files.readDirectory(data), [], name)
      }
      yield* files.makeDirectory(`${data}/demo/database`, { recursive: true })
      yield* files.writeFileString(`${data}/demo/database/PG_VERSION`, "18")
      const { message } = yield* Effect.flip(commands.audit)
      assert.strictEqual(message, `there is no log in ${data}: a plain demo's is in ${data}/demo: EVENKEEL_DATA=${data}/demo`)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
