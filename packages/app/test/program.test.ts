/** The program as its users run it: how it ends, and what it says when something is wrong. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { freePort, makeTestPostgres } from "../../store/test/support/TestPostgres.ts"
import { lastWords, serve, startProgram, until } from "./support/Program.ts"

const directory = Effect.acquireRelease(
  Effect.sync(() => {
    const path = mkdtempSync(join(tmpdir(), "evenkeel-"))
    chmodSync(path, 0o777)
    return path
  }),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

/** A port that somebody listens on for as long as the scope lasts. */
const takenPort = Effect.acquireRelease(
  Effect.callback<{ readonly port: number; readonly close: () => void }>((resume) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address()
      resume(Effect.succeed({ port: typeof address === "object" && address !== null ? address.port : 0, close: () => server.close() }))
    })
  }),
  ({ close }) => Effect.sync(close)
)

/** Half a second on an idle machine; longer than every deadline of a drain on a busy one. */
const endMillisMax = 15_000

describe("the program's end", () => {
  it.live(
    "drains, says what it did and exits with 0 soon after SIGINT; a demo has told no receiver and left the configured data alone",
    () =>
      Effect.gen(function* () {
        const data = yield* directory
        let told = 0
        const webhook = yield* serve(() => {
          told++
          return 204
        })
        const program = yield* startProgram(["demo", "--scenario", "jump", "--speed", "2400"], {
          EVENKEEL_HTTP_PORT: "0",
          EVENKEEL_DATA: data,
          EVENKEEL_DATABASE_URL: "postgres://127.0.0.1:1/not-asked",
          EVENKEEL_ALERTS_ALLOW_PRIVATE: "true",
          EVENKEEL_ALERTS_WEBHOOKS: JSON.stringify([{ name: "test", url: webhook.url, secret: "secret" }])
        })
        yield* until("an alert is on the screen", () => program.output().includes("USDC is losing its peg"), 60, program)
        const began = performance.now()
        program.process.kill("SIGINT")
        assert.strictEqual(yield* program.exit, 0, program.errors())
        assert.isBelow(performance.now() - began, endMillisMax)
        assert.match(program.output(), lastWords)
        assert.match(program.output(), /CRITICAL simulated: USDC is losing its peg/)
        assert.strictEqual(told, 0)
        assert.deepStrictEqual(readdirSync(data).sort(), ["demo", "demo.lock", "demo.pid"])
      }),
    90_000
  )
})

describe("the program", () => {
  it.live(
    "names a port that is taken, and what the engine was started with",
    () =>
      Effect.gen(function* () {
        const { port } = yield* takenPort
        const program = yield* startProgram(["demo"], { EVENKEEL_DATA: yield* directory, EVENKEEL_HTTP_PORT: String(port) })
        assert.strictEqual(yield* program.exit, 2)
        assert.include(program.errors(), `127.0.0.1:${port}`)
        assert.include(program.errors(), "EVENKEEL_HTTP_PORT")
      }),
    60_000
  )

  it.live(
    "begins no demo where something else is",
    () =>
      Effect.gen(function* () {
        const data = yield* directory
        mkdirSync(join(data, "demo"))
        writeFileSync(join(data, "demo", "work.txt"), "precious")
        const program = yield* startProgram(["demo"], { EVENKEEL_DATA: data })
        assert.strictEqual(yield* program.exit, 2)
        assert.include(program.errors(), "work.txt is, which no demo has made")
        assert.isTrue(existsSync(join(data, "demo", "work.txt")))
      }),
    60_000
  )

  it.live(
    "lists every fault of a configuration at once, and no secret",
    () =>
      Effect.gen(function* () {
        const file = join(yield* directory, "evenkeel.toml")
        writeFileSync(file, '[http]\nport = 99999\n[hotPath]\nwait = "nap"\n[log]\ncolour = "red"\n')
        const program = yield* startProgram(["demo", "--config", file], {
          EVENKEEL_DATABASE_URL: "mysql://user:hunter2@host/db",
          EVENKEEL_DATBASE: "typo"
        })
        assert.strictEqual(yield* program.exit, 2)
        for (const problem of ["http.port", "hotPath.wait", "log.colour is not a setting", "database.url", "EVENKEEL_DATBASE"])
          assert.include(program.errors(), problem)
        assert.notInclude(program.errors() + program.output(), "hunter2")
        const missing = yield* startProgram(["demo", "--config", `${file}.missing`])
        assert.strictEqual(yield* missing.exit, 2)
        assert.include(missing.errors(), "cannot be read")
        writeFileSync(file, "[http\nport = 1")
        const unreadable = yield* startProgram(["demo", "--config", file])
        assert.strictEqual(yield* unreadable.exit, 2)
        assert.include(unreadable.errors(), "is not TOML")
      }),
    60_000
  )

  it.live(
    "says so when the database is down at start",
    () =>
      Effect.gen(function* () {
        const port = yield* freePort
        const program = yield* startProgram(["demo", "--configured"], {
          EVENKEEL_DATA: yield* directory,
          EVENKEEL_HTTP_PORT: "0",
          EVENKEEL_DATABASE_URL: `postgres://user:hunter2@127.0.0.1:${port}/db`
        })
        assert.strictEqual(yield* program.exit, 2)
        assert.include(program.errors(), "EVENKEEL_DATABASE_URL")
        assert.notInclude(program.errors(), "hunter2")
      }),
    60_000
  )

  it.live(
    "keeps a level change that finds the database gone, and delivers it when it is back",
    () =>
      Effect.gen(function* () {
        const data = yield* directory
        const postgres = yield* makeTestPostgres
        const levels: Array<string> = []
        const webhook = yield* serve((_request, body) => {
          levels.push((JSON.parse(body.toString()) as { alerts: [{ level: string }] }).alerts[0].level)
          return 204
        })
        const program = yield* startProgram(["demo", "--configured", "--scenario", "jump", "--speed", "600"], {
          EVENKEEL_DATA: data,
          EVENKEEL_HTTP_PORT: "0",
          EVENKEEL_DATABASE_URL: postgres.url,
          EVENKEEL_ALERTS_ALLOW_PRIVATE: "true",
          EVENKEEL_ALERTS_WEBHOOKS: JSON.stringify([{ name: "test", url: webhook.url, secret: "secret" }])
        })
        yield* until("the engine starts", () => program.errors().includes("engine started"), 60, program)
        yield* postgres.stop
        yield* until("a change waits", () => program.errors().includes("waits for the database"), 40, program)
        assert.deepStrictEqual(levels, [])
        yield* postgres.start
        yield* until("the change is delivered", () => levels.includes("critical"), 40, program)
        program.process.kill("SIGTERM")
        assert.strictEqual(yield* program.exit, 0, program.errors())
      }),
    150_000
  )

  it.live(
    "refuses a second engine on the same embedded database, and goes on when nobody reads what it prints",
    () =>
      Effect.gen(function* () {
        const data = yield* directory
        const first = yield* startProgram(["demo", "--configured", "--scenario", "calm"], { EVENKEEL_DATA: data, EVENKEEL_HTTP_PORT: "0" })
        yield* until("the first starts", () => first.errors().includes("engine started"), 60, first)
        first.process.stdout!.destroy()
        first.process.stderr!.destroy()
        const second = yield* startProgram(["demo", "--configured", "--scenario", "calm"], { EVENKEEL_DATA: data, EVENKEEL_HTTP_PORT: "0" })
        assert.strictEqual(yield* second.exit, 2)
        assert.include(second.errors(), `in use by process ${first.process.pid}`)
        first.process.kill("SIGTERM")
        assert.strictEqual(yield* first.exit, 0)
      }),
    60_000
  )

  it.live(
    "replays price files to the same bytes each time, in the promised form, and counts rows that it cannot read",
    () =>
      Effect.gen(function* () {
        const data = yield* directory
        const rows = (price: (minute: number) => number) =>
          Array.from({ length: 300 }, (_, minute) => `${1_700_000_000_000 + minute * 60_000},1,1,1,${price(minute).toFixed(5)},50000`)
        const file = (name: string, lines: ReadonlyArray<string>) => {
          const path = join(data, name)
          writeFileSync(path, gzipSync(`timestamp_ms,open,high,low,close,volume\n${lines.join("\n")}\n`))
          return path
        }
        const falling = rows((minute) => (minute < 100 ? 1 : 0.99))
        falling[10] = "not,a,row"
        const files = [
          file("kraken-USDC-USD-1m.csv.gz", falling),
          file(
            "coinbase-USDT-USD-1m.csv.gz",
            rows(() => 1.0001)
          )
        ]
        const run = (...more: ReadonlyArray<string>) =>
          Effect.gen(function* () {
            const program = yield* startProgram(["replay", ...files, "--json", ...more])
            assert.strictEqual(yield* program.exit, 0, program.errors())
            return program
          })
        const first = yield* run()
        const second = yield* run("--level", "critical")
        assert.include(first.errors(), "badRows")
        const changes = first
          .output()
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as Record<string, unknown>)
        assert.deepStrictEqual(
          changes.map(({ coin, kind, level }) => `${coin} ${kind} ${level}`),
          ["USDC break watch", "USDC break critical"]
        )
        for (const key of ["time", "previous", "fairValue", "deviationBps", "reason"]) assert.property(changes[0], key)
        assert.strictEqual(second.output().trim(), first.output().trim().split("\n")[1])
        const missing = yield* startProgram(["replay", join(data, "kraken-USDC-USD-missing.csv.gz")])
        assert.strictEqual(yield* missing.exit, 2)
      }),
    60_000
  )
})

const march = new URL("../../../../shared/data/usdc-2023-03/", import.meta.url).pathname

describe.runIf(existsSync(march))("March 2023 as recorded (needs ../shared, else left out)", () => {
  it.live(
    "has USDC critical between 21:57 and 22:45 UTC, nothing above watch on the 3rd, and USDT never a break",
    () =>
      Effect.gen(function* () {
        const names = [
          "kraken-USDC-USD",
          "kraken-USDC-USDT",
          "kraken-USDT-USD",
          "coinbase-USDT-USD",
          "binanceus-USDC-USDT",
          "binanceus-USDC-USD-quotes"
        ]
        const program = yield* startProgram(["replay", ...names.map((name) => `${march}${name}-1m.csv.gz`), "--json"])
        assert.strictEqual(yield* program.exit, 0, program.errors())
        const changes = program
          .output()
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as Record<"time" | "coin" | "level" | "kind", string>)
        const critical = changes.find(({ coin, level }) => coin === "USDC" && level === "critical")!
        assert.isTrue(critical.time >= "2023-03-10T21:57" && critical.time <= "2023-03-10T22:45", critical.time)
        assert.isTrue(
          changes.filter(({ time }) => time.startsWith("2023-03-03")).every(({ level }) => level === "normal" || level === "watch")
        )
        assert.isTrue(changes.every(({ coin, kind }) => coin !== "USDT" || kind !== "break"))
      }),
    60_000
  )
})
