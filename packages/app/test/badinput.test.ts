/** What venues may send and should not: every case is counted, none is believed, and the market goes on. */
import { assert, describe, it } from "@effect/vitest"
import { decodedSources } from "@evenkeel/connectors/exchange/Decoders"
import { instrumentState, stateFields } from "@evenkeel/detection/hotpath/SignalRecord"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { FrameOutcome, FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { type VenueId, venueIds } from "@evenkeel/domain/market/Venue"
import { LocalHotPath } from "@evenkeel/detection/host/LocalHotPath"

const instruments = [
  { venue: "binance", symbol: "USDCUSDT", base: "USDC", quote: "USDT" },
  { venue: "coinbase", symbol: "USDT-USD", base: "USDT", quote: "USD" },
  { venue: "kraken", symbol: "USDC/USD", base: "USDC", quote: "USD" }
]
const binanceTicker = '{"u":1,"s":"USDCUSDT","b":"0.99980000","B":"1000.00000000","a":"0.99990000","A":"1000.00000000"}'
const krakenSnapshot = '{"channel":"book","type":"snapshot","data":[{"symbol":"USDC/USD","bids":[],"asks":[],"checksum":0}]}'

const makeMarket = () => {
  const local = new LocalHotPath({
    coins: ["USDT", "USDC"].flatMap((symbol) => coinOf(symbol) ?? []),
    instruments,
    venues: decodedSources,
    barMillis: 60_000,
    scoreGapMillis: 0
  })
  const refused: Array<number> = []
  const resyncs: Array<string> = []
  let now = 1_700_000_000_000
  const feed = (
    venue: VenueId,
    frame: string | Uint8Array,
    options: { readonly time?: number; readonly source?: FrameSource; readonly instrument?: number } = {}
  ) => {
    const payload = typeof frame === "string" ? new TextEncoder().encode(frame) : frame
    const { instrument = -1, source = FrameSource.socket, time = (now += 10) } = options
    local.feed({ source, venue: venueIds.indexOf(venue), instrument, received: time, payload })
    local.signals({ refusal: (outcome) => refused.push(outcome), resync: (_instrument, reason) => resyncs.push(reason) })
  }
  const row = new Float64Array(stateFields)
  const field = (instrument: number, index: number) => (local.state.read(2 + instrument, row) ? row[index]! : Number.NaN)
  return { feed, refused, resyncs, field }
}

describe("bad input", () => {
  it("counts frames that are truncated, not UTF-8, not JSON or of wrong types, and believes nothing of them", () => {
    const { feed, field, refused } = makeMarket()
    feed("binance", binanceTicker)
    const frames: ReadonlyArray<readonly [VenueId, string | Uint8Array]> = [
      ["binance", binanceTicker.slice(0, 60)],
      ["binance", ""],
      ["binance", "\u0000\u0001"],
      ["binance", Uint8Array.of(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d)],
      ["binance", binanceTicker.replace('"0.99980000"', '{"x":1}')],
      ["binance", binanceTicker.replace("0.99980000", "-")],
      ["binance", '{"e":"depthUpdate","E":1,"s":"USDCUSDT","U":1,"u":2,"b":[["1"]],"a":[]}'],
      ["binance", "[1,2,3]"],
      ["coinbase", '{"type":"l2update","product_id":"USDT-USD","changes":[["up","1","1"]],"time":"x"}'],
      ["coinbase", '{"channel":"l2_data","timestamp":"x","sequence_num":"a","events":[]}'],
      ["kraken", '{"channel":"book","type":"update","data":[{"symbol":"USDC/USD"}]}'],
      ["kraken", "null"]
    ]
    for (const [venue, frame] of frames) feed(venue, frame)
    assert.deepStrictEqual(
      refused,
      frames.map(() => FrameOutcome.malformed)
    )
    assert.strictEqual(field(0, instrumentState.bid), 0.9998)
  })

  it("passes over instruments that nobody asked for and messages that nobody knows", () => {
    const { feed, refused } = makeMarket()
    feed("binance", binanceTicker.replace("USDCUSDT", "DOGEUSDT"))
    feed("coinbase", '{"type":"something_new","product_id":"USDT-USD"}')
    feed("kraken", '{"channel":"something_new"}')
    feed("coinbase", '{"type":"error","message":"Failed to subscribe"}')
    assert.deepStrictEqual(refused, [FrameOutcome.unlisted, FrameOutcome.unknown, FrameOutcome.unknown, FrameOutcome.refused])
  })

  it("marks a crossed book stale, asks for it anew, and does not serve its prices", () => {
    const { feed, field, resyncs } = makeMarket()
    const snapshot = (bid: string, ask: string) =>
      `{"type":"snapshot","product_id":"USDT-USD","asks":[["${ask}","10"]],"bids":[["${bid}","10"]]}`
    feed("coinbase", snapshot("1.0000", "1.0002"))
    assert.strictEqual(field(1, instrumentState.book), 1)
    feed("coinbase", '{"type":"l2update","product_id":"USDT-USD","changes":[["buy","1.0500","1"]],"time":"2023-03-10T00:00:00.000000Z"}')
    assert.strictEqual(field(1, instrumentState.book), 2)
    assert.strictEqual(field(1, instrumentState.bid), 1)
    assert.deepStrictEqual(resyncs, ["crossed"])
    feed("coinbase", snapshot("1.0001", "1.0003"))
    assert.strictEqual(field(1, instrumentState.book), 1)
    assert.strictEqual(field(1, instrumentState.bid), 1.0001)
  })

  it("marks a book stale on a sequence gap and on a checksum that does not match, at once and until it is built anew", () => {
    const { feed, field, resyncs } = makeMarket()
    const delta = (first: number, last: number) =>
      `{"e":"depthUpdate","E":1,"s":"USDCUSDT","U":${first},"u":${last},"b":[["0.99980000","5.00000000"]],"a":[]}`
    const depth = '{"lastUpdateId":100,"bids":[["0.9998","1"]],"asks":[["0.9999","1"]]}'
    feed("binance", delta(99, 101))
    feed("binance", depth, { source: FrameSource.snapshot, instrument: 0 })
    feed("binance", delta(102, 103))
    assert.strictEqual(field(0, instrumentState.book), 1)
    feed("binance", delta(105, 106))
    assert.strictEqual(field(0, instrumentState.book), 2)
    feed("kraken", krakenSnapshot)
    assert.strictEqual(field(2, instrumentState.book), 1)
    feed("kraken", krakenSnapshot.replace("snapshot", "update").replace('"bids":[]', '"bids":[{"price":0.99,"qty":1.0}]'))
    assert.strictEqual(field(2, instrumentState.book), 2)
    feed("kraken", krakenSnapshot.replace("snapshot", "update"))
    assert.strictEqual(field(2, instrumentState.book), 2, "an update on nothing mends nothing")
    assert.deepStrictEqual(resyncs, ["gap", "checksum"])
  })

  it("takes time that jumps for what it is: back is ignored, far ahead closes bars without inventing any", () => {
    const { feed, field, refused } = makeMarket()
    feed("binance", binanceTicker)
    feed("binance", binanceTicker.replace("0.9998", "0.9997"), { time: 1_600_000_000_000 })
    assert.strictEqual(field(0, instrumentState.bid), 0.9997)
    assert.isAbove(field(0, instrumentState.received), 1_699_000_000_000, "time does not run backwards")
    feed("binance", binanceTicker, { time: Number.NaN })
    feed("binance", binanceTicker, { time: 1_900_000_000_000 })
    assert.strictEqual(field(0, instrumentState.received), 1_900_000_000_000)
    assert.deepStrictEqual(refused, [])
  })

  it("asks for every book of a connection that lost a frame", () => {
    const { feed, field, resyncs } = makeMarket()
    feed("coinbase", '{"type":"snapshot","product_id":"USDT-USD","asks":[["1.0002","1"]],"bids":[["1","1"]]}')
    feed("coinbase", "", { source: FrameSource.lost })
    assert.strictEqual(field(1, instrumentState.book), 2)
    assert.deepStrictEqual(resyncs, ["lost-frame"])
  })
})
