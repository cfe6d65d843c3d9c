/** Recordings: made by the program from venues that speak the real protocols, whole, countable, exportable, and the same bits when played. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { exchanges } from "@evenkeel/connectors/exchange/Exchanges"
import { decodedSources } from "@evenkeel/connectors/exchange/Decoders"
import { scenarios } from "@evenkeel/connectors/simulated/Scenario"
import { makeSimulatedVenue } from "@evenkeel/connectors/simulated/SimulatedVenue"
import { makeConnector } from "@evenkeel/connectors/transport/Connector"
import { FrameSink } from "@evenkeel/connectors/transport/FrameSink"
import { stateFields } from "@evenkeel/detection/hotpath/SignalRecord"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { sourceIds, type VenueId } from "@evenkeel/domain/market/Venue"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { MarketJournal } from "@evenkeel/store/journal/MarketJournal"
import { readJournal } from "@evenkeel/store/journal/JournalReader"
import { Effect, FileSystem, Layer } from "effect"
import { execFile } from "node:child_process"
import { JournalReplay } from "@evenkeel/replay/journal/JournalReplay"
import { LocalHotPath } from "@evenkeel/detection/host/LocalHotPath"

const layer = Supervisor.layer.pipe(
  Layer.provideMerge(Policies.layer()),
  Layer.provideMerge(HealthRegistry.layer),
  Layer.provideMerge(Layer.merge(NodeServices.layer, NodeHttpClient.layerUndici))
)
const program = new URL("../bin/evenkeel.js", import.meta.url).pathname
const symbols = { okx: "USDC-USDT", htx: "usdcusdt", mexc: "USDCUSDT", kraken: "USDC/USDT" } as const
type Recorded = keyof typeof symbols

/** Runs the program; its status and what it said. */
const run = (args: ReadonlyArray<string>, env: Record<string, string> = {}) =>
  Effect.callback<{ readonly status: number; readonly out: string; readonly said: string }>((resume) => {
    execFile(
      process.execPath,
      [program, ...args],
      { env: { ...process.env, ...env }, timeout: 60_000, maxBuffer: 1 << 26 },
      (error, out, said) => resume(Effect.succeed({ status: error === null ? 0 : Number(error.code ?? 1), out, said }))
    )
  })

const simulate = Effect.fnUntraced(function* (venue: Recorded) {
  const began = performance.now()
  const scenario = scenarios.calm()
  const clock = () => scenario.startsAt + (performance.now() - began) * 50
  const instruments = [{ venue, symbol: symbols[venue], base: "USDC", quote: "USDT" }]
  return yield* makeSimulatedVenue({ venue, instruments, scenario, seed: 6, clock, stepMillis: 10 })
})

describe("record and journal", () => {
  it.live(
    "keeps what venues send, in their own bytes, and says what is in it",
    () =>
      Effect.gen(function* () {
        const files = yield* FileSystem.FileSystem
        const directory = yield* files.makeTempDirectoryScoped()
        const venues = ["okx", "htx", "mexc"] as const
        const simulated = yield* Effect.forEach(venues, simulate)
        const env = {
          EVENKEEL_INSTRUMENTS: venues.map((venue) => `${venue}:${symbols[venue]}:USDC:USDT`).join(","),
          EVENKEEL_ENDPOINTS: JSON.stringify(venues.map((venue, index) => ({ venue, ...simulated[index]!.endpoints })))
        }
        const out = `${directory}/recording`
        const recorded = yield* run(["record", "--out", out, "--seconds", "3"], env)
        assert.strictEqual(recorded.status, 0, recorded.said)
        assert.match(recorded.out, /recorded \d+ frames \(0 dropped\).*okx \d+, htx \d+, mexc \d+/)
        const segment = `${out}/000001.journal`
        const verified = yield* run(["journal", "verify", segment])
        assert.strictEqual(verified.status, 0, verified.out)
        const stat = JSON.parse((yield* run(["journal", "stat", segment])).out) as {
          readonly venues: Record<VenueId, number>
          readonly outcomes: Record<string, number>
          readonly events: Record<string, number>
        }
        assert.hasAllKeys(stat.venues, [...venues])
        assert.hasAllKeys(stat.outcomes, ["market", "control"])
        assert.isAbove(stat.events["mexc:USDCUSDT"]!, 20)
        const parquet = `${directory}/events.parquet`
        const exported = yield* run(["journal", "export", segment, "--out", parquet])
        assert.strictEqual(exported.status, 0, exported.said)
        const { DuckDBInstance } = yield* Effect.promise(() => import("@duckdb/node-api"))
        const rows = yield* Effect.promise(async () => {
          const database = await DuckDBInstance.create(":memory:")
          const connection = await database.connect()
          const sql = `SELECT venue, kind, count(*)::INTEGER AS n, min(bid)::VARCHAR AS bid FROM '${parquet}' GROUP BY ALL ORDER BY ALL`
          const read = (await connection.runAndReadAll(sql)).getRowObjects()
          database.closeSync()
          return read
        })
        const quotes = rows.filter(({ kind }) => kind === "quote")
        assert.deepStrictEqual(
          quotes.map(({ venue }) => venue),
          ["htx", "mexc", "okx"]
        )
        // Exact decimals: five places, as the venue printed them.
        for (const { bid } of quotes) assert.match(String(bid), /^[01]\.\d{5}0{13}$/)
        assert.strictEqual((yield* run(["replay", segment])).status, 0)
        // A damaged copy is told from a whole one.
        const bytes = yield* files.readFile(segment)
        bytes[bytes.length - 9]! ^= 0xff
        yield* files.writeFile(`${directory}/000001.journal`, bytes)
        const damaged = yield* run(["journal", "verify", `${directory}/000001.journal`])
        assert.strictEqual(damaged.status, 1)
        assert.include(damaged.out, "damaged")
        const none = yield* run(["record", "--venue", "gate", "--out", out], env)
        assert.strictEqual(none.status, 2)
        assert.include(none.said, "EVENKEEL_INSTRUMENTS")
      }).pipe(Effect.scoped, Effect.provide(layer)),
    120_000
  )

  it.live(
    "plays to the same bits as when it was recorded",
    () =>
      Effect.gen(function* () {
        const files = yield* FileSystem.FileSystem
        const directory = yield* files.makeTempDirectoryScoped()
        const venues = ["okx", "htx", "mexc", "kraken"] as const
        const simulated = yield* Effect.forEach(venues, simulate)
        const instruments = venues.map((venue) => ({ venue, symbol: symbols[venue], base: "USDC", quote: "USDT" }))
        const coins = ["USDC", "USDT"].flatMap((symbol) => coinOf(symbol) ?? [])
        const manifest = { startedAt: 0, barMillis: 1000, coins, venues: sourceIds, instruments }
        const local = new LocalHotPath({
          coins,
          instruments,
          venues: decodedSources,
          barMillis: 1000,
          scoreGapMillis: Number.POSITIVE_INFINITY
        })
        yield* Effect.gen(function* () {
          const journal = yield* MarketJournal
          const sink = FrameSink.of({
            offer: (source, venue, connection, instrument, payload) => {
              const received = performance.timeOrigin + performance.now()
              const length = local.feed({ source, venue, connection, instrument, received, payload })
              local.signals({})
              return journal.append(local.frame, 0, length)
            },
            tick: () => true,
            counts: [],
            fill: () => 0
          })
          yield* Effect.gen(function* () {
            for (const [index, venue] of venues.entries()) {
              const exchange = exchanges[venue]
              yield* makeConnector({ exchange, endpoints: simulated[index]!.endpoints, instruments }).pipe(
                Effect.provideService(FrameSink, sink)
              )
            }
            yield* Effect.sleep("1500 millis")
            simulated[0]!.disconnect(1001)
            yield* Effect.sleep("1500 millis")
          }).pipe(Effect.provide(Supervisor.layer))
          yield* journal.flush
        }).pipe(Effect.scoped, Effect.provide(MarketJournal.layer({ directory, manifest })))

        const replay = new JournalReplay(yield* readJournal(`${directory}/000001.journal`))
        let frames = 0
        for (;;) {
          const fed = replay.feed(1000, () => {})
          if (fed === 0) break
          frames += fed
        }
        local.hotPath.finish()
        assert.isAbove(frames, 100)
        const rows = (from: LocalHotPath) =>
          Array.from({ length: coins.length + instruments.length }, (_, index) => {
            const row = new Float64Array(stateFields)
            from.state.read(index, row)
            return [...new BigUint64Array(row.buffer)]
          })
        assert.deepStrictEqual(rows(replay.local), rows(local))
        for (const number of instruments.keys()) {
          const [played, live] = [replay.local.hotPath.book(number), local.hotPath.book(number)]
          assert.isAbove(live.count(0), 0)
          for (const side of [0, 1] as const) {
            assert.strictEqual(played.count(side), live.count(side))
            for (let depth = 0; depth < live.count(side); depth++) {
              assert.strictEqual(played.price(side, depth), live.price(side, depth))
              assert.strictEqual(played.quantity(side, depth), live.quantity(side, depth))
            }
          }
        }
      }).pipe(Effect.scoped, Effect.provide(layer)),
    60_000
  )
})
