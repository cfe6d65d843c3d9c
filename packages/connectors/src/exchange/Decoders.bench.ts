/** Each venue's usual frames, decoded from bytes to a record; the baseline is `JSON.parse` and `Number`. */
import { type FrameDecoder, FrameOutcome } from "@evenkeel/domain/market/FrameDecoder"
import { type LevelReader, MarketRecord, type MarketSink } from "@evenkeel/domain/market/MarketRecord"
import { SymbolTable } from "@evenkeel/domain/market/SymbolTable"
import type { VenueId } from "@evenkeel/domain/market/Venue"
import { type Bench, type BenchResult, interleave, ratioRow } from "@evenkeel/runtime/bench/Bench"
import { decoders } from "./Decoders.ts"

export interface Sample {
  readonly name: string
  readonly venue: VenueId
  readonly symbol: string
  /** Frames before the one that is timed, so that a book is live. */
  readonly before: ReadonlyArray<string>
  readonly frame: string
  /** Takes the same fields from the parsed frame. */
  readonly plain: (parsed: never) => number
}

interface Level {
  readonly price: number
  readonly qty: number
}

/** The usual frames of each venue. */
export const samples: ReadonlyArray<Sample> = [
  {
    name: "Binance book ticker",
    venue: "binance",
    symbol: "USDCUSDT",
    before: [],
    frame:
      '{"stream":"usdcusdt@bookTicker","data":{"u":499869768,"s":"USDCUSDT","b":"0.99980000","B":"672123.00000000","a":"0.99990000","A":"3199456.00000000"}}',
    plain: ({ data }: { data: Record<"a" | "A" | "b" | "B", string> }) => Number(data.b) + Number(data.B) + Number(data.a) + Number(data.A)
  },
  {
    name: "Binance trade",
    venue: "binance",
    symbol: "USDCUSDT",
    before: [],
    frame:
      '{"stream":"usdcusdt@aggTrade","data":{"e":"aggTrade","E":1633998523963,"s":"USDCUSDT","a":15683430,"p":"0.99980000","q":"58123.00000000","f":19862790,"l":19862790,"T":1633998523963,"m":false,"M":true}}',
    plain: ({ data }: { data: { p: string; q: string; T: number } }) => Number(data.p) + Number(data.q) + data.T
  },
  {
    name: "Coinbase ticker",
    venue: "coinbase",
    symbol: "USDT-USD",
    before: [],
    frame:
      '{"type":"ticker","sequence":333938798,"product_id":"USDT-USD","price":"0.99975","open_24h":"0.9996","volume_24h":"94381345.28000000","low_24h":"0.9991","high_24h":"1.0001","volume_30d":"2295579432.57000000","best_bid":"0.99974","best_bid_size":"152343.12","best_ask":"0.99975","best_ask_size":"88234.55","side":"buy","time":"2023-03-10T16:43:30.244075Z","trade_id":881613,"last_size":"1204.04"}',
    plain: (ticker: Record<"best_bid" | "best_bid_size" | "best_ask" | "best_ask_size" | "time", string>) =>
      Number(ticker.best_bid) +
      Number(ticker.best_bid_size) +
      Number(ticker.best_ask) +
      Number(ticker.best_ask_size) +
      Date.parse(ticker.time)
  },
  {
    name: "Coinbase level 2",
    venue: "coinbase",
    symbol: "USDT-USD",
    before: ['{"type":"snapshot","product_id":"USDT-USD","asks":[],"bids":[]}'],
    frame:
      '{"type":"l2update","product_id":"USDT-USD","changes":[["sell","0.99981","66012.50"],["buy","0.99972","1200.00"]],"time":"2023-03-10T16:43:37.075687Z"}',
    plain: ({ changes, time }: { changes: ReadonlyArray<[string, string, string]>; time: string }) =>
      changes.reduce((sum, [side, price, size]) => sum + (side === "buy" ? 1 : -1) + Number(price) + Number(size), Date.parse(time))
  },
  {
    name: "Kraken v2 book",
    venue: "kraken",
    symbol: "USDC/USD",
    before: ['{"channel":"book","type":"snapshot","data":[{"symbol":"USDC/USD","bids":[],"asks":[],"checksum":0}]}'],
    // Over an empty book the checksum is 0: what is timed is decoding, for all alike.
    frame:
      '{"channel":"book","type":"update","data":[{"symbol":"USDC/USD","bids":[{"price":0.99970,"qty":5000.00000000},{"price":0.99960,"qty":120345.50000000}],"asks":[{"price":0.99990,"qty":0.00000000}],"checksum":0,"timestamp":"2023-03-10T16:48:53.365913Z"}]}',
    plain: ({ data: [book] }: { data: [{ bids: ReadonlyArray<Level>; asks: ReadonlyArray<Level>; timestamp: string }] }) =>
      [...book.bids, ...book.asks].reduce((sum, { price, qty }) => sum + price + qty, Date.parse(book.timestamp))
  }
]

const emptyBook: LevelReader = { count: () => 0, price: () => Number.NaN, quantity: () => Number.NaN }

/** As frames lie in the ring: plain bytes in shared memory. A socket's `Buffer` is another class, and code for both is slower. */
const bytesOf = (text: string): Uint8Array => {
  const bytes = new TextEncoder().encode(text)
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length))
  shared.set(bytes)
  return shared
}

/** A decoder that is ready for the sample's frame, over a sink that only counts. */
export const decoderOf = ({ before, frame, name, symbol, venue }: Sample): FrameDecoder => {
  let events = 0
  const record = new MarketRecord()
  const sink: MarketSink = { accept: () => void events++, book: () => emptyBook }
  const decoder = decoders[venue](new SymbolTable([[symbol, 0]]), record, sink)
  for (const text of before) decoder.decode(bytesOf(text), 0, text.length)
  if (decoder.decode(bytesOf(frame), 0, frame.length) !== FrameOutcome.market || events === 0) throw new Error(`${name} is not decoded`)
  return decoder
}

const decode = async (): Promise<ReadonlyArray<BenchResult>> => {
  const rows: Array<BenchResult> = []
  for (const sample of samples) {
    const decoder = decoderOf(sample)
    const bytes = Buffer.from(sample.frame)
    const ring = bytesOf(sample.frame)
    let sum = 0
    const [parsed, decoded] = await interleave(
      [
        {
          count: 100_000,
          run: (count) => {
            for (let n = 0; n < count; n++) sum += sample.plain(JSON.parse(bytes.toString()) as never)
          }
        },
        {
          count: 400_000,
          run: (count) => {
            for (let n = 0; n < count; n++) decoder.decode(ring, 0, ring.length)
          }
        }
      ],
      21
    )
    if (Number.isNaN(sum)) throw new Error("nothing was parsed")
    rows.push(ratioRow(`decode: ${sample.name}`, 5, parsed!, decoded!, "ns a frame"))
  }
  return rows
}

export const benches: ReadonlyArray<Bench> = [{ name: "decode", run: decode }]
