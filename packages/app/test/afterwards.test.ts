/** An engine's data afterwards: what `evenkeel alerts` says of it, and `evenkeel audit` when somebody with the database's password has changed it. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { layerPglite } from "@evenkeel/store/database/Database"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { startProgram, until } from "./support/Program.ts"

/** The data of a demo that has told an alert and ended. */
const dataWithAlert = Effect.gen(function* () {
  const data = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "evenkeel-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )
  const environment = { EVENKEEL_DATA: data, EVENKEEL_HTTP_PORT: "0" }
  const demo = yield* startProgram(["demo", "--configured", "--scenario", "jump", "--speed", "2400"], environment)
  yield* until("an alert is on the screen", () => demo.output().includes("USDC is losing its peg"), 60, demo)
  demo.process.kill("SIGTERM")
  assert.strictEqual(yield* demo.exit, 0, demo.errors())
  return { data, environment }
})

describe("evenkeel audit", () => {
  it.live(
    "names rows that are not what the log says, and a log whose end was cut off together with its chain",
    () =>
      Effect.gen(function* () {
        const { data, environment } = yield* dataWithAlert
        const audit = Effect.gen(function* () {
          const program = yield* startProgram(["audit"], environment)
          return { exit: yield* program.exit, text: program.output() + program.errors() }
        })
        const tamper = (change: (sql: SqlClient.SqlClient) => Effect.Effect<unknown, unknown>) =>
          Effect.flatMap(SqlClient.SqlClient, change).pipe(
            Effect.provide(layerPglite(join(data, "database")).pipe(Layer.provide(NodeServices.layer)))
          )
        const whole = yield* audit
        assert.strictEqual(whole.exit, 0, whole.text)
        yield* tamper((sql) =>
          Effect.all([
            sql`update alert set level = 'watch'`,
            sql`update model set status = 'retired'`,
            sql`update notification set payload = replace(payload, 'USDC', 'DAI')`
          ])
        )
        const altered = yield* audit
        assert.strictEqual(altered.exit, 1, altered.text)
        assert.match(altered.text, /alert [0-9a-f]{16} .*level/)
        assert.match(altered.text, /model 1 .*status/)
        assert.match(altered.text, /notification \S+ to console/)
        yield* tamper((sql) =>
          Effect.andThen(
            sql`delete from event where family = 'coin' and chain_index = (select max(chain_index) from event where family = 'coin')`,
            sql`update event_chain set (length, hash) = (
              select chain_index, hash from event where family = 'coin' order by chain_index desc limit 1) where family = 'coin'`
          )
        )
        const cut = yield* audit
        assert.strictEqual(cut.exit, 1, cut.text)
        assert.match(cut.text, /coin .*SHORTENED/)
      }),
    120_000
  )
})

describe("evenkeel alerts", () => {
  it.live(
    "marks the alert of a coin that is not configured any more, closes it with a reason, and refuses where an engine watches",
    () =>
      Effect.gen(function* () {
        const { environment } = yield* dataWithAlert
        const run = Effect.fnUntraced(function* (coins: string, ...args: ReadonlyArray<string>) {
          const program = yield* startProgram(["alerts", ...args], { ...environment, EVENKEEL_COINS: coins })
          return { exit: yield* program.exit, text: program.output() + program.errors() }
        })
        const listed = yield* run("USDT,USDC", "list")
        assert.match(listed.text, /firing USDC \w+ \(break\) since \S+\n/)
        const gone = yield* run("USDT,DAI", "list")
        assert.match(gone.text, /firing USDC .*: no engine of this configuration watches it/)
        const refused = yield* run("USDT,USDC", "resolve", "USDC", "--reason", "delisted")
        assert.strictEqual(refused.exit, 2)
        assert.include(refused.text, "this configuration watches it")
        const closed = yield* run("USDT,DAI", "resolve", "USDC", "--reason", "delisted")
        assert.strictEqual(closed.exit, 0, closed.text)
        assert.match(closed.text, /1 alerts of USDC are closed/)
      }),
    120_000
  )
})
