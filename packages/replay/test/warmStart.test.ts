/** A restart on 10 March 2023, after takers had begun to sell USDC and before its price gave way, with what was learned and without. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { LocalHotPath } from "@evenkeel/detection/host/LocalHotPath"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { EventKind, eventPayload } from "@evenkeel/domain/market/MarketRecord"
import type { LevelChange } from "@evenkeel/domain/risk/RiskLevel"
import { Effect } from "effect"
import { existsSync, readdirSync } from "node:fs"
import { hotPathOptionsOf } from "../src/price/FileReplay.ts"
import { type PriceFile, readPriceFile } from "../src/price/PriceFile.ts"

const march = new URL("../../../../shared/data/usdc-2023-03/", import.meta.url).pathname
const restart = Date.parse("2023-03-10T19:30:30Z")

/** Rows of all files in the order of time. */
const rowsOf = (files: ReadonlyArray<PriceFile>) =>
  files
    .flatMap((file, instrument) => Array.from({ length: file.rows }, (_, row) => ({ file, instrument, row, time: file.times[row]! })))
    .sort((a, b) => a.time - b.time || a.instrument - b.instrument)

const play = (local: LocalHotPath, options: ReturnType<typeof hotPathOptionsOf>, rows: ReturnType<typeof rowsOf>) => {
  const changes: Array<LevelChange> = []
  for (const { file, instrument, row, time } of rows) {
    const price = file.prices[row]!
    const numbers = [time, price, file.volumes[row]!, file.buyVolumes[row]!, price, price, file.stepMillis]
    local.feed({
      source: FrameSource.event,
      venue: options.venues.findIndex(({ id }) => id === file.instrument.venue),
      instrument,
      received: time,
      payload: eventPayload(file.stepMillis > 0 ? EventKind.candle : EventKind.oracle, numbers)
    })
    local.signals({ levelChange: (change) => changes.push(change) })
  }
  return changes
}

describe.runIf(existsSync(march))("a restart on 10 March 2023 (needs ../shared, else left out)", () => {
  it.effect(
    "with what was learned changes no level; without it, the warning by order flow would be silent",
    () =>
      Effect.gen(function* () {
        const names = readdirSync(march).filter((name) => name.endsWith(".csv.gz"))
        const files = yield* Effect.forEach(names.sort(), (name) => readPriceFile(`${march}${name}`))
        const options = hotPathOptionsOf(files)
        const rows = rowsOf(files)
        const cut = rows.findIndex(({ time }) => time > restart)
        const whole = play(new LocalHotPath(options), options, rows)
        const warned = whole.find(({ coin, level }) => coin === "USDC" && level === "warning")
        assert.isBelow(warned!.time, restart, "the restart is in the middle of a warning")
        assert.isNotNull(warned!.evidence.flow, "that order flow raised")

        const first = new LocalHotPath(options)
        const before = play(first, options, rows.slice(0, cut))
        const warm = new LocalHotPath(options)
        assert.isUndefined(warm.hotPath.restore(first.hotPath.snapshot()))
        assert.deepStrictEqual([...before, ...play(warm, options, rows.slice(cut))], whole)

        // A cold engine that is started before takers begin to sell knows nothing of what is usual.
        const cold = rows.findIndex(({ time }) => time > Date.parse("2023-03-10T17:00:00Z"))
        const silent = play(new LocalHotPath(options), options, rows.slice(cold))
        assert.isTrue(silent.every(({ evidence }) => evidence.flow === null))
      }).pipe(Effect.provide(NodeServices.layer)),
    // It plays three weeks of minutes three times over.
    120_000
  )
})
