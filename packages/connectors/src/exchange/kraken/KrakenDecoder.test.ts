import { assert, describe, it } from "@effect/vitest"
import { decoding, tradesOf } from "../../../test/support/Decoding.ts"
import { EventKind, type LevelReader, MarketRecord, staleReasons } from "@evenkeel/domain/market/MarketRecord"
import { SymbolTable } from "@evenkeel/domain/market/SymbolTable"
import { checksumOf, makeKrakenDecoder } from "./KrakenDecoder.ts"

const timestamp = "2023-09-25T09:04:31.742599Z"
const time = Date.parse("2023-09-25T09:04:31Z") + 742.599
const ticker = (behind: string) =>
  `{"channel":"ticker","type":"update","data":[{"symbol":"USDC/USD","bid":0.9998,"bid_qty":740.0,"ask":0.9999,"ask_qty":740.0,"last":0.9999,"volume":99.1,"vwap":1.0,"low":0.9,"high":1.1,"change":-0.0,"change_pct":-0.17${behind}}]}`

describe("KrakenDecoder", () => {
  it("reads a ticker's time", () => {
    const { events, receive } = decoding(makeKrakenDecoder, "USDC/USD")
    assert.strictEqual(receive(ticker(`,"timestamp":"${timestamp}"`)), "market")
    assert.deepInclude(events[0], { kind: "quote", bid: 0.9998, ask: 0.9999 })
    assert.approximately((events[0] as { readonly time: number }).time, time, 0.001)
  })

  it("reads the time of a ticker in another form: fewer digits, other spacing, a snapshot", () => {
    const { events, receive } = decoding(makeKrakenDecoder, "USDC/USD")
    receive(ticker(',"timestamp":"2023-09-25T09:04:31.742Z"'))
    receive(ticker(`, "timestamp": "${timestamp}"`))
    receive(ticker(`,"timestamp":"${timestamp}"`).replace("update", "snapshot"))
    assert.deepStrictEqual(
      events.map((event) => Math.floor((event as { readonly time: number }).time)),
      [Math.floor(time), Math.floor(time), Math.floor(time)]
    )
  })

  it("takes a ticker without a time as it is", () => {
    const { events, receive } = decoding(makeKrakenDecoder, "USDC/USD")
    assert.strictEqual(receive(ticker("")), "market")
    assert.isNaN((events[0] as { readonly time: number }).time)
  })

  it("takes the trades that a subscription begins with for the past", () => {
    const { events, receive } = decoding(makeKrakenDecoder, "USDC/USD")
    const trade = `{"symbol":"USDC/USD","side":"sell","price":0.9998,"qty":40.0,"ord_type":"market","trade_id":466,"timestamp":"${timestamp}"}`
    receive(`{"channel":"trade","type":"snapshot","data":[${trade}]}`)
    receive(`{"channel":"trade","type":"update","data":[${trade}]}`)
    assert.deepStrictEqual(tradesOf(events), ["pastTrade 0.9998", "trade 0.9998"])
  })

  describe("decimals of a book", () => {
    const instrument = (price: number) =>
      JSON.stringify({
        channel: "instrument",
        type: "snapshot",
        data: { pairs: [{ symbol: "USDC/USD", price_precision: price, qty_precision: 2 }] }
      })
    /** A book of one level a side, as the venue prints it, with the checksum that it takes over so many decimals of a price. */
    const message = (type: "snapshot" | "update", bid: string, ask: string, decimals: number) => {
      const levels: LevelReader = {
        count: () => 1,
        price: (side) => Number(side === 0 ? bid : ask),
        quantity: () => 5
      }
      const side = (price: string) => `[{"price":${price},"qty":5.00}]`
      return `{"channel":"book","type":"${type}","data":[{"symbol":"USDC/USD","bids":${side(bid)},"asks":${side(ask)},"checksum":${checksumOf(levels, decimals, 2)},"timestamp":"${timestamp}"}]}`
    }
    /** The decoder over a book that it fills; what became of it with each message. */
    const following = () => {
      const record = new MarketRecord()
      const best = [Number.NaN, Number.NaN]
      let last = ""
      const decoder = makeKrakenDecoder(new SymbolTable([["USDC/USD", 0]]), record, {
        accept: () => {
          const { integers, levels } = record
          if (integers[0] === EventKind.bookLevels) for (let i = 0; i < integers[3]! * 3; i += 3) best[levels[i]!] = levels[i + 1]!
          if (integers[0] === EventKind.bookCommit) last = "good"
          if (integers[0] === EventKind.bookStale) last = staleReasons[integers[2]!]!
        },
        book: () => ({ count: () => 1, price: (side) => best[side]!, quantity: () => 5 })
      })
      return (text: string) => {
        const bytes = Buffer.from(text)
        decoder.decode(bytes, 0, bytes.length)
        return last
      }
    }

    for (const spacing of ["", " "]) {
      const spaced = (text: string) => text.replace('"data":', `"data":${spacing}`)
      const how = spacing === "" ? "as usual" : "in another form"
      it(`are those of the next snapshot after a price that was printed with more: ${how}`, () => {
        const receive = following()
        receive(instrument(4))
        assert.strictEqual(receive(spaced(message("snapshot", "0.9998", "0.9999", 4))), "good")
        assert.strictEqual(receive(spaced(message("update", "0.99985", "0.9999", 4))), "checksum")
        assert.strictEqual(receive(spaced(message("snapshot", "0.9998", "0.9999", 4))), "good")
        assert.strictEqual(receive(spaced(message("update", "0.9997", "0.9999", 4))), "good")
      })

      it(`grow and shrink with the venue's, announced or not: ${how}`, () => {
        const receive = following()
        receive(instrument(5))
        assert.strictEqual(receive(spaced(message("snapshot", "0.9998", "0.9999", 4))), "good")
        assert.strictEqual(receive(spaced(message("snapshot", "0.999810", "0.999990", 6))), "good")
        assert.strictEqual(receive(spaced(message("update", "0.999820", "0.999990", 6))), "good")
        assert.strictEqual(receive(spaced(message("snapshot", "0.99", "1.01", 5))), "good", "without the zeros at its end")
      })
    }
  })
})
