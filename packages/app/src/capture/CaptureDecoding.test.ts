import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { readCapture } from "@evenkeel/connectors/capture/Capture"
import type { VenueId } from "@evenkeel/domain/market/Venue"
import { Effect } from "effect"
import { existsSync, readFileSync } from "node:fs"
import { CaptureDecoding } from "./CaptureDecoding.ts"

const captures = new URL("../../../../../shared/wire/captures/", import.meta.url).pathname
const inService: ReadonlyArray<readonly [VenueId, string]> = [
  ["binance", "binance/binance"],
  ["binance", "binance/binance-futures"],
  ["coinbase", "coinbase/coinbase-exchange-2021"],
  ["kraken", "kraken/kraken-v2"]
]

describe.runIf(existsSync(captures))("recorded captures (needs ../shared, else left out)", () => {
  for (const [venue, name] of inService) {
    it.effect(`${name} decodes to the books and trades of its golden file`, () =>
      Effect.gen(function* () {
        const golden = JSON.parse(readFileSync(`${captures}${name}.golden.json`, "utf8"))
        const decoding = new CaptureDecoding(venue)
        for (const record of yield* readCapture(`${captures}${name}.jsonl.gz`)) decoding.feed(record)
        const summary = decoding.summary()
        assert.strictEqual(summary.frames, golden.frames)
        assert.deepStrictEqual(Object.keys(summary.books).sort(), Object.keys(golden.books).sort())
        for (const [symbol, { stats, ...book }] of Object.entries(summary.books)) {
          const { stats: goldenStats, ...expected } = golden.books[symbol]
          assert.deepStrictEqual<unknown>(book, expected, symbol)
          assert.strictEqual(stats.snapshots, goldenStats.snapshots, symbol)
          assert.strictEqual(stats.deltas, goldenStats.deltas, symbol)
        }
        assert.deepStrictEqual(summary.trades, golden.trades)
        assert.deepStrictEqual(summary.tickers, golden.tickers)
        assert.strictEqual(summary.outcomes.unknown + summary.outcomes.malformed, 0)
      }).pipe(Effect.provide(NodeServices.layer))
    )
  }
})
