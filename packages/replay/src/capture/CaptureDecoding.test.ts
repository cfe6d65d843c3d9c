import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { readCapture } from "@evenkeel/connectors/capture/Capture"
import type { VenueId } from "@evenkeel/domain/market/Venue"
import { Effect } from "effect"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { CaptureDecoding } from "./CaptureDecoding.ts"

const captures = new URL("../../../../../shared/wire/captures/", import.meta.url).pathname
const inService: ReadonlyArray<readonly [VenueId, string]> = [
  ["binance", "binance/binance"],
  ["binance", "binance/binance-futures"],
  ["coinbase", "coinbase/coinbase-exchange-2021"],
  ["kraken", "kraken/kraken-v2"],
  ["okx", "okx/okx"],
  ["okx", "okx/okx-2026style"],
  ["bybit", "bybit/bybit"],
  ["kucoin", "kucoin/kucoin"],
  ["htx", "htx/huobi"],
  ["gate", "gate/gateio"],
  ["bitstamp", "bitstamp/bitstamp"],
  ["gemini", "gemini/gemini"]
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
          assert.strictEqual(stats.snapshots, goldenStats.snapshots ?? 0, symbol)
          assert.strictEqual(stats.deltas, goldenStats.deltas ?? 0, symbol)
        }
        assert.deepStrictEqual(summary.trades, golden.trades)
        // Of Bybit's tickers those alone are quotes that name a best price; the golden file counts them all.
        if (venue !== "bybit") assert.deepStrictEqual(summary.tickers, golden.tickers)
        assert.strictEqual(summary.outcomes.unknown + summary.outcomes.malformed, 0)
      }).pipe(Effect.provide(NodeServices.layer))
    )
  }
})

const fixtures = new URL("../../../../../shared/wire/fixtures/", import.meta.url).pathname
/** Folders of the spot subscriptions; futures speak protocols of their own. */
const spot: ReadonlyArray<readonly [VenueId, string]> = [
  ["binance", "binance/Subscriptions/Spot/ExchangeData"],
  ["coinbase", "coinbase/Subscriptions/AdvancedTrade"],
  ["kraken", "kraken/Subscriptions/Spot"],
  ["okx", "okx/Subscriptions/Unified/ExchangeData"],
  ["bybit", "bybit/Subscriptions/V5/Spot"],
  ["kucoin", "kucoin/Subscriptions/Spot"],
  ["kucoin", "kucoin/Subscriptions/Unified"],
  ["htx", "htx/Subscriptions/Spot"],
  ["gate", "gate/Subscriptions/Spot"],
  ["bitfinex", "bitfinex/Subscriptions/Spot"],
  ["cryptocom", "cryptocom/Subscriptions/ExchangeApi"],
  ["bitget", "bitget/Subscriptions/Spot"],
  ["bitget", "bitget/Subscriptions/Unified"],
  ["mexc", "mexc/Subscriptions/SpotApi"]
]
/** An account's own channels, which need a key. */
const ofAnAccount =
  /Account|Balance|Order(?!Book)|UserTrade|Position|DebtRatio|MatchOrder|User\.txt|TriggerOrder|Leverage|Liquidation(?!s)|Adl|FastUser/

/** `<` the acknowledgement, `=` what is pushed; messages go over several lines, and `|1|` stands for the request's id. */
const messagesOf = (text: string): ReadonlyArray<string> =>
  text
    .split(/\r?\n(?=[<>=])/)
    .filter((part) => part.startsWith("<") || part.startsWith("="))
    .map((part) =>
      part
        .replace(/^[<=]\d*\s*/, "")
        .replaceAll(/\|[^|]*\|/g, "1")
        .replaceAll(/\r?\n/g, " ")
    )

describe.runIf(existsSync(fixtures))("messages by kind (needs ../shared, else left out)", () => {
  for (const [venue, folder] of spot) {
    it(`${folder}: no market data is of an unknown kind`, () => {
      for (const file of readdirSync(fixtures + folder)) {
        if (!file.endsWith(".txt") || (ofAnAccount.test(file) && !/MarkPrice/.test(file))) continue
        const decoding = new CaptureDecoding(venue)
        for (const message of messagesOf(readFileSync(`${fixtures}${folder}/${file}`, "utf8"))) {
          decoding.feed({ kind: "recv", time: 0, connection: "", url: "", bytes: new TextEncoder().encode(message), binary: false })
        }
        const { frames, outcomes } = decoding.summary()
        assert.isAtLeast(frames, 2, file)
        assert.deepInclude(outcomes, { unknown: 0, malformed: 0, refused: 0 }, file)
      }
    })
  }
})
