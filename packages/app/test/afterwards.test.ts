/** A demo's data afterwards: what `evenkeel alerts` says of them, and `evenkeel audit` when somebody with the database's password has changed them. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import { layerDatabase } from "@evenkeel/store/database/Database"
import { Context, Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { cpSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { lastWords, startProgram, until } from "./support/Program.ts"

const directory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "evenkeel-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

/** The data of a demo that has told an alert and ended. Each test has a copy. */
class DemoData extends Context.Service<DemoData, string>()("test/DemoData") {}

const layerDemoData = Layer.effect(
  DemoData,
  Effect.gen(function* () {
    const data = yield* directory
    const demo = yield* startProgram(["demo", "--configured", "--scenario", "jump", "--speed", "2400"], {
      EVENKEEL_DATA: data,
      EVENKEEL_HTTP_PORT: "0"
    })
    yield* until("an alert is on the screen", () => demo.output().includes("USDC is losing its peg"), 60, demo)
    demo.process.kill("SIGTERM")
    assert.strictEqual(yield* demo.exit, 0, demo.errors())
    assert.match(demo.output(), lastWords)
    return data
  })
)

/** A copy, which this process has open as an engine would, and how a program is run beside it. */
const afterwards = Effect.gen(function* () {
  const data = yield* directory
  cpSync(yield* DemoData, data, { recursive: true })
  const database = yield* Layer.build(
    Layer.fresh(layerDatabase({ url: Redacted.make(""), directory: join(data, "database") })).pipe(Layer.provide(NodeServices.layer))
  )
  const run = Effect.fnUntraced(function* (args: ReadonlyArray<string>, environment: Readonly<Record<string, string>> = {}) {
    const program = yield* startProgram(args, { EVENKEEL_DATA: data, EVENKEEL_HTTP_PORT: "0", ...environment })
    return { exit: yield* program.exit, text: program.output() + program.errors() }
  })
  /** What somebody does who can write the database. */
  const tamper = (change: (sql: SqlClient.SqlClient) => Effect.Effect<unknown, unknown>) =>
    Effect.flatMap(SqlClient.SqlClient, change).pipe(Effect.provide(database))
  return { data, run, tamper }
})

/** Cuts the last fact of the coins off, and mends the chain's end. */
const cutOff = (sql: SqlClient.SqlClient) =>
  Effect.andThen(
    sql`delete from event where family = 'coin' and chain_index = (select max(chain_index) from event where family = 'coin')`,
    sql`update event_chain set (length, hash) = (
      select chain_index, hash from event where family = 'coin' order by chain_index desc limit 1) where family = 'coin'`
  )

layer(layerDemoData, { timeout: "90 seconds", excludeTestServices: true })("a demo's data afterwards", (it) => {
  it.effect(
    "name rows that are not what the log says, and a log whose end was cut off together with its chain",
    () =>
      Effect.gen(function* () {
        const { run, tamper } = yield* afterwards
        const audit = run(["audit"])
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
        yield* tamper(cutOff)
        const cut = yield* audit
        assert.strictEqual(cut.exit, 1, cut.text)
        assert.match(cut.text, /coin .*SHORTENED/)
      }),
    120_000
  )

  it.effect(
    "show a log that was cut after its head was exported, and their table of alerts is made anew",
    () =>
      Effect.gen(function* () {
        const { data, run, tamper } = yield* afterwards
        const head = join(data, "head.json")
        const exported = yield* run(["audit", "--export", head])
        assert.match(exported.text, /^\d+ facts in \d+ families, every hash chain holds/)
        assert.strictEqual(exported.exit, 0)
        assert.match((yield* run(["alerts", "rebuild"])).text, /made anew from [1-9]\d* facts/)
        yield* tamper(cutOff)
        const cut = yield* run(["audit", "--against", head])
        assert.include(cut.text, "every hash chain holds")
        assert.include(cut.text, "SHORTENED")
        assert.strictEqual(cut.exit, 1)
        const noHead = yield* run(["audit", "--against", join(data, "audit.key")])
        assert.include(noHead.text, "holds no exported head")
        assert.strictEqual(noHead.exit, 2)
      }),
    120_000
  )

  it.effect(
    "mark the alert of a coin that is not configured any more, which is closed with a reason, but not where an engine watches it",
    () =>
      Effect.gen(function* () {
        const { run } = yield* afterwards
        const alerts = (coins: string, ...args: ReadonlyArray<string>) => run(["alerts", ...args], { EVENKEEL_COINS: coins })
        const listed = yield* alerts("USDT,USDC", "list")
        assert.match(listed.text, /firing since \S+: USDC \w+ \(break\) at \S+: its market is simulated\n/)
        const gone = yield* alerts("USDT,DAI", "list")
        assert.match(gone.text, /firing .* USDC .*: no engine of this configuration watches it/)
        const refused = yield* alerts("USDT,USDC", "resolve", "USDC", "--reason", "delisted")
        assert.strictEqual(refused.exit, 2)
        assert.include(refused.text, "this configuration watches it")
        const closed = yield* alerts("USDT,DAI", "resolve", "USDC", "--reason", "delisted")
        assert.strictEqual(closed.exit, 0, closed.text)
        assert.match(closed.text, /the alert of USDC will be closed by the engine/)
        const again = yield* alerts("USDT,DAI", "resolve", "USDC", "--reason", "delisted")
        assert.strictEqual(again.exit, 2)
        assert.match(again.text, /that was asked for at \S+, and waits for an engine/)
      }),
    120_000
  )
})
