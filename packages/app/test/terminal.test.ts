/** What venues write reaches the terminal as text: no escape code, no line of its own making, no reversed writing. */
import { assert, describe, it } from "@effect/vitest"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { textOf } from "@evenkeel/alerting/render/Message"
import { levelChange } from "../../alerting/test/support/LevelChange.ts"
import { notificationFor } from "../../alerting/test/support/Notification.ts"
import { layerLogs } from "@evenkeel/runtime/log/Logs"
import { Effect, FileSystem } from "effect"
import { memoryTarget } from "../../runtime/test/support/MemoryTarget.ts"
import { renderLive } from "../src/screen/LiveTable.ts"
import { serve, startProgram } from "./support/Program.ts"

const hostile = "\u001b[2J\u009b31m\rok    kraken: all is well\nok    forged\u202e\u2066"
/** Colours and the screen's own codes are the program's. */
const withoutOwn = (text: string) => text.replace(/\p{Cc}\[[0-9;]*m/gu, "")
const isPlain = (text: string) => !/[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/u.test(text)

describe("outside text on the terminal", () => {
  it.live(
    "is escaped where the doctor tells of a symbol that a venue lists",
    () =>
      Effect.gen(function* () {
        const files = yield* FileSystem.FileSystem
        const data = yield* files.makeTempDirectoryScoped()
        const listed = { p: { wsname: `USDC/USD/${hostile}`, status: "online", lot_decimals: 2 } }
        const venue = yield* serve((request) => ({
          status: 200,
          body: request.url?.includes("Time") ? { result: { unixtime: 0 } } : { result: listed }
        }))
        const program = yield* startProgram(["doctor"], {
          EVENKEEL_DATA: data,
          EVENKEEL_HTTP_PORT: "0",
          EVENKEEL_INSTRUMENTS: "[]",
          EVENKEEL_DISCOVERY_VENUES: "kraken",
          EVENKEEL_ENDPOINTS: JSON.stringify([{ venue: "kraken", socket: venue.url.replace("http", "ws"), rest: venue.url }])
        })
        yield* program.exit
        assert.include(program.output(), "USDC/USD/\\u001b[2J")
        assert.isTrue(isPlain(program.output() + program.errors()), JSON.stringify(program.output()))
        assert.notMatch(program.output(), /^ok {4}forged/m)
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    60_000
  )

  it.effect("is escaped in log lines of both forms, which stay what they are", () =>
    Effect.gen(function* () {
      for (const format of ["pretty", "json"] as const) {
        const target = memoryTarget()
        yield* Effect.logWarning("a pair was listed", { symbol: hostile }, hostile).pipe(
          Effect.provide(layerLogs({ format, level: "Info", levels: {}, target }))
        )
        const lines = target.lines()
        assert.strictEqual(lines.length, 1)
        assert.isTrue(isPlain(lines[0]!) && !lines[0]!.includes("\n"), JSON.stringify(lines[0]))
        if (format === "json") assert.include(JSON.stringify(JSON.parse(lines[0]!)), JSON.stringify(hostile).slice(1, -1))
      }
    })
  )

  it("is escaped on the live screen and in alerts", () => {
    const lines = renderLive(
      {
        title: "live",
        time: 0,
        coins: [
          {
            coin: "USDC",
            simulated: false,
            peg: "USD",
            fairValue: 1,
            errorBps: 1,
            deviationBps: 0,
            level: "normal",
            since: null,
            grounded: true,
            share: null,
            venues: { agree: [], differ: [] },
            detectors: { baselineBps: null, score: null, cusum: null, changepoint: null },
            model: null,
            news: [{ title: hostile, feed: hostile, link: null, time: 0, score: -1 }],
            sources: [
              {
                venue: hostile,
                symbol: hostile,
                bid: null,
                ask: null,
                lastPrice: null,
                ageMillis: 1,
                book: "none",
                bidLevels: null,
                askLevels: null,
                staleReason: null,
                residualBps: null,
                errorBps: null,
                ownDeviationBps: null,
                ownLevel: "normal",
                pool: null,
                supply: null
              }
            ]
          }
        ],
        messagesPerSecond: 0,
        p50Nanos: 0,
        p99Nanos: 0,
        ringFill: 0,
        breakers: [{ key: hostile, state: "open" }],
        troubled: [{ component: hostile, status: "degraded", detail: hostile }],
        alerts: []
      },
      { columns: 400, rows: 24 }
    )
    const change = levelChange({ coin: hostile, venues: { agree: [hostile], differ: [], own: [] } })
    const text = textOf(notificationFor({ change }), true)
    for (const line of [...lines, ...text.split("\n")]) {
      assert.isTrue(isPlain(withoutOwn(line)), JSON.stringify(line))
      assert.notMatch(line, /^ok {4}|\n/)
    }
  })
})
