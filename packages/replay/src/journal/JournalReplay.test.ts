import { assert, describe, it } from "@effect/vitest"
import { LocalHotPath } from "@evenkeel/detection/host/LocalHotPath"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { EventKind, eventPayload } from "@evenkeel/domain/market/MarketRecord"
import type { LevelChange } from "@evenkeel/domain/risk/RiskLevel"
import { decodeSegmentHead, encodeSegmentHead, type JournalManifest } from "@evenkeel/store/journal/JournalFormat"
import { zstdCompressSync } from "node:zlib"
import { JournalReplay } from "./JournalReplay.ts"

const minute = 60_000
const startsAt = Date.UTC(2030, 0, 7)
const manifest: JournalManifest = {
  startedAt: startsAt,
  barMillis: minute,
  coins: [coinOf("USDT")!, coinOf("USDC")!],
  venues: ["kraken", "binance"],
  instruments: [
    { venue: "kraken", symbol: "BTC/USD", base: "BTC", quote: "USD" },
    { venue: "binance", symbol: "BTCUSDT", base: "BTC", quote: "USDT" },
    { venue: "binance", symbol: "USDCUSDT", base: "USDC", quote: "USDT" }
  ],
  bridges: ["BTC"]
}

/** Two hours of minutes in which USDT falls to 97 cents at the end of the first: what was said, and the frames. */
const live = () => {
  const local = new LocalHotPath({
    ...manifest,
    venues: manifest.venues.map((id) => ({ id, decoder: undefined })),
    scoreGapMillis: Number.POSITIVE_INFINITY
  })
  const changes: Array<LevelChange> = []
  const frames: Array<Buffer> = []
  for (let at = 1; at <= 120; at++) {
    const received = startsAt + at * minute
    const usdt = at < 60 ? 1 : 0.97
    const bitcoin = 60_000 * (1 + 0.001 * Math.sin(at))
    for (const [instrument, price] of [bitcoin, bitcoin / usdt, 1 / usdt].entries()) {
      const payload = eventPayload(EventKind.candle, [received, price, 1e6, Number.NaN, price, price, minute])
      const length = local.feed({ source: FrameSource.event, venue: instrument === 0 ? 0 : 1, instrument, received, payload })
      frames.push(Buffer.from(local.frame.slice(0, length)))
      local.signals({ levelChange: (change) => changes.push(change) })
    }
  }
  local.hotPath.finish()
  local.signals({ levelChange: (change) => changes.push(change) })
  return { changes, frames }
}

const replayed = (frames: ReadonlyArray<Buffer>, written: JournalManifest) => {
  const raw = Buffer.concat(frames)
  const block = { offset: 0, bytes: 0, firstReceived: 0, lastReceived: 0, frames: frames.length, compressed: zstdCompressSync(raw) }
  const read = decodeSegmentHead(encodeSegmentHead(written))!
  const replay = new JournalReplay({ manifest: read.manifest, blocks: [{ ...block, rawBytes: raw.length }], damagedBytes: 0 })
  const changes: Array<LevelChange> = []
  while (replay.feed(50, (change) => changes.push(change)) > 0);
  return changes
}

describe("JournalReplay", () => {
  it("says again what was said, by the bridges that the journal names", () => {
    const { changes, frames } = live()
    assert.include(
      changes.map(({ coin, kind, level }) => `${coin} ${kind} ${level}`),
      "USDT break critical"
    )
    assert.deepStrictEqual(replayed(frames, manifest), changes)
    const { bridges: _, ...earlier } = manifest
    assert.isFalse(replayed(frames, earlier).some(({ evidence }) => evidence.grounded))
  })
})
