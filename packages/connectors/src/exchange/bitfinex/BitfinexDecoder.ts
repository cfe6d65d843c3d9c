/**
 * Decodes Bitfinex's v2 channels: book P0 with checksums, trades, ticker.
 *
 * Messages name a channel by a number that an acknowledgement gives; data that comes before it is held back. With the flags
 * that the connector sets, every message of a connection is numbered and each book's checksum is sent: CRC-32, signed, over the 25 best
 * levels as `price:amount`, bid and ask in turn, an ask's amount negative. https://docs.bitfinex.com/docs/ws-websocket-checksum
 *
 * A change of a book comes level by level, each in a message of its own, and between two of them its sides may cross. The checksum closes the
 * change: only then are the levels one book.
 */
import { type FrameDecoderFactory, FrameOutcome } from "@evenkeel/domain/market/FrameDecoder"
import type { LevelReader } from "@evenkeel/domain/market/MarketRecord"
import { byte, template } from "../../wire/ByteScanner.ts"
import { crcByte, crcEnd, crcStart, crcText } from "../../wire/Crc32.ts"
import { JsonDecoder } from "../../wire/JsonDecoder.ts"
import { beginning, Fields, quoted } from "../../wire/JsonReader.ts"
import { noSymbol } from "../../wire/WireDecoder.ts"

const Event = { event: 0, channel: 1, chanId: 2, symbol: 3, prec: 4, code: 5, status: 6, flags: 7 } as const
const event = new Fields(Event)

const word = {
  subscribed: quoted("subscribed"),
  error: quoted("error"),
  info: quoted("info"),
  conf: quoted("conf"),
  ok: quoted("OK"),
  book: quoted("book"),
  trades: quoted("trades"),
  ticker: quoted("ticker"),
  pricePair: beginning("t"),
  raw: quoted("R0"),
  heartbeat: quoted("hb"),
  checksum: quoted("cs"),
  executed: quoted("te"),
  maintenanceBegins: template("20060"),
  restart: template("20051")
}
const checksumLevels = 25
/** The flag of `conf` that asks for checksums. */
const checksumFlag = 131_072
/** Frames that wait for their acknowledgement. */
const earlyMax = 256

interface Channel {
  readonly kind: "book" | "trades" | "ticker" | "unused"
  readonly instrument: number
}

class BitfinexDecoder extends JsonDecoder {
  readonly #channels = new Map<number, Channel>()
  #early: Array<Uint8Array> = []
  /** The message number expected next; -1 before the first. */
  #expected = -1
  /** The connection's books have checksums; recordings may have none. */
  #checksums = false

  override reset(): void {
    super.reset()
    this.#channels.clear()
    this.#early = []
    this.#expected = -1
    this.#checksums = false
  }

  protected override message(bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const { json } = this
    json.space()
    return bytes[json.position] === byte.brace ? this.#event() : this.#data(bytes, start, end)
  }

  #event(): FrameOutcome {
    const { json } = this
    if (!json.object(event) || !json.ended()) return FrameOutcome.malformed
    if (json.is(event, Event.event, word.error)) return FrameOutcome.refused
    if (json.is(event, Event.event, word.info)) {
      // After maintenance or a restart of the venue no book continues.
      if (json.is(event, Event.code, word.maintenanceBegins) || json.is(event, Event.code, word.restart)) this.loseAll("disconnected")
      return FrameOutcome.control
    }
    if (json.is(event, Event.event, word.conf)) return this.#configured()
    if (!json.is(event, Event.event, word.subscribed)) return event.has(Event.event) ? FrameOutcome.control : FrameOutcome.unknown
    if (!json.to(event, Event.chanId) || !json.integer()) return FrameOutcome.malformed
    const id = json.registers[1]! * 1e9 + json.registers[2]!
    // Funding symbols begin with f; raw books name orders; neither is used.
    const used = json.is(event, Event.symbol, word.pricePair) && !json.is(event, Event.prec, word.raw)
    const kind = !used
      ? "unused"
      : json.is(event, Event.channel, word.book)
        ? "book"
        : json.is(event, Event.channel, word.trades)
          ? "trades"
          : json.is(event, Event.channel, word.ticker)
            ? "ticker"
            : "unused"
    const instrument = kind === "unused" ? -1 : this.symbolAt(event, Event.symbol)
    if (instrument === noSymbol) return FrameOutcome.malformed
    this.#channels.set(id, { kind, instrument })
    const early = this.#early
    this.#early = []
    this.replaying = true
    for (const frame of early) this.decode(frame, 0, frame.length)
    this.replaying = false
    return FrameOutcome.control
  }

  /** `{"event":"conf","status":"OK","flags":196608}`; the flags are not always repeated, and then they are those that were asked for. */
  #configured(): FrameOutcome {
    const { json } = this
    const flags = json.to(event, Event.flags) && json.decimal() ? json.registers[0]! : checksumFlag
    this.#checksums = json.is(event, Event.status, word.ok) && (flags & checksumFlag) !== 0
    return FrameOutcome.control
  }

  /** `[channel, payload]` or `[channel, "kind", payload]`, and the message's number behind either. */
  #data(bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const { json } = this
    if (!json.array() || !json.more() || !json.integer()) return FrameOutcome.malformed
    const id = json.registers[1]! * 1e9 + json.registers[2]!
    if (!json.next(byte.comma)) return FrameOutcome.malformed
    json.space()
    const tag = bytes[json.position] === byte.quote ? json.position : -1
    let payload = tag < 0 ? json.position : -1
    if (!json.value()) return FrameOutcome.malformed
    const heartbeat = tag >= 0 && this.#tagged(tag, word.heartbeat)
    if (tag >= 0 && !heartbeat) {
      if (!json.next(byte.comma)) return FrameOutcome.malformed
      json.space()
      payload = json.position
      if (!json.value()) return FrameOutcome.malformed
    }
    let number = -1
    if (json.next(byte.comma)) {
      json.space()
      if (!json.integer()) return FrameOutcome.malformed
      number = json.registers[1]! * 1e9 + json.registers[2]!
    }
    if (!json.rest() || !json.ended()) return FrameOutcome.malformed
    if (number >= 0 && !this.replaying && !this.#inSequence(number)) return FrameOutcome.control
    // Channel 0 is the account's.
    if (id === 0) return FrameOutcome.control
    const channel = this.#channels.get(id)
    if (heartbeat && (channel !== undefined || this.#early.length === 0)) return FrameOutcome.control
    if (channel === undefined) {
      // An acknowledgement that has not come by now was lost: a channel has its first heartbeat long after it.
      if (heartbeat || this.#early.length >= earlyMax) {
        this.#early = []
        this.loseKnown("buffer-full")
        if (heartbeat) return FrameOutcome.control
      }
      this.#early.push(bytes.slice(start, end))
      return FrameOutcome.control
    }
    if (channel.kind === "unused") return FrameOutcome.control
    if (channel.instrument < 0) return FrameOutcome.unlisted
    this.setTime(Number.NaN)
    switch (channel.kind) {
      case "book":
        return tag >= 0 ? this.#checksum(channel.instrument, tag, payload) : this.#book(channel.instrument, payload)
      case "trades":
        return tag >= 0 && this.#tagged(tag, word.executed) ? this.#trade(channel.instrument, payload) : FrameOutcome.control
      case "ticker":
        return this.#ticker(channel.instrument, payload)
    }
  }

  /** True when the tag is `expected`; the cursor stays where it was. */
  #tagged(tag: number, expected: typeof word.heartbeat): boolean {
    const { json } = this
    const behind = json.position
    json.position = tag
    const found = json.skip(expected)
    json.position = behind
    return found
  }

  /** False for a message that was seen already. A number that is missing makes every book stale. */
  #inSequence(number: number): boolean {
    const expected = this.#expected
    if (expected >= 0 && number < expected) return false
    this.#expected = number + 1
    if (expected >= 0 && number > expected) this.loseAll("gap")
    return true
  }

  /** `[price, count, amount]`, or an array of them for the whole book. A count of 0 removes; a bid's amount is positive. */
  #book(instrument: number, payload: number): FrameOutcome {
    const { json } = this
    json.position = payload
    this.levels.clear()
    if (!json.array()) return FrameOutcome.malformed
    json.space()
    const whole = json.bytes[json.position] === byte.open || json.bytes[json.position] === byte.close
    if (!whole) {
      if (!this.#level()) return FrameOutcome.malformed
      if (!this.#checksums) return this.chainDelta(instrument, true, false)
      if (this.placeOf(instrument).live) this.emitLevels(instrument)
      return FrameOutcome.market
    }
    while (json.more()) if (!json.array() || !this.#level()) return FrameOutcome.malformed
    return this.chainSnapshot(instrument, false)
  }

  override snapshot(instrument: number, bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const { json } = this
    json.open(bytes, start, end)
    this.levels.clear()
    if (!json.array()) return FrameOutcome.malformed
    while (json.more()) if (!json.array() || !this.#level()) return FrameOutcome.malformed
    return json.ended() ? this.stagedBook(instrument) : FrameOutcome.malformed
  }

  /** The rest of `[price, count, amount]`. */
  #level(): boolean {
    const { json } = this
    if (!json.decimal()) return false
    const price = json.registers[0]!
    if (!json.next(byte.comma) || !json.decimal()) return false
    const count = json.registers[0]!
    if (!json.next(byte.comma) || !json.decimal()) return false
    const amount = json.registers[0]!
    return this.levels.push(amount > 0 ? 0 : 1, price, count === 0 ? 0 : Math.abs(amount)) && json.rest()
  }

  #checksum(instrument: number, tag: number, payload: number): FrameOutcome {
    const { json } = this
    if (!this.#tagged(tag, word.checksum)) return FrameOutcome.unknown
    json.position = payload
    if (!json.decimal()) return FrameOutcome.malformed
    const place = this.placeOf(instrument)
    if (!place.live) return FrameOutcome.market
    if (bitfinexChecksum(this.sink.book(instrument)) === (json.registers[0]! | 0)) this.emitCommit(instrument, Number.NaN, Number.NaN)
    else this.lose(instrument, place, "checksum")
    return FrameOutcome.market
  }

  /** `[id, time, amount, price]`; a bought amount is positive. */
  #trade(instrument: number, payload: number): FrameOutcome {
    const { json, record } = this
    json.position = payload
    if (!json.array() || !json.decimal() || !json.next(byte.comma) || !json.decimal()) return FrameOutcome.malformed
    this.setTime(json.registers[0]!)
    if (!json.next(byte.comma) || !json.decimal()) return FrameOutcome.malformed
    const amount = json.registers[0]!
    if (!json.next(byte.comma) || !json.decimal()) return FrameOutcome.malformed
    record.numbers[1] = json.registers[0]!
    record.numbers[2] = Math.abs(amount)
    return this.trade(instrument, amount > 0 ? 1 : -1)
  }

  /** `[bid, bidSize, ask, askSize, …]` */
  #ticker(instrument: number, payload: number): FrameOutcome {
    const { json, record } = this
    json.position = payload
    if (!json.array()) return FrameOutcome.malformed
    for (let index = 1; index <= 4; index++) {
      if (!json.more() || !json.decimal()) return FrameOutcome.malformed
      record.numbers[index] = json.registers[0]!
    }
    return this.quote(instrument)
  }
}

/** The checksum of a book: the venue prints numbers as JavaScript does. */
export const bitfinexChecksum = (book: LevelReader): number => {
  let crc = crcStart
  let begun = false
  const addLevel = (price: number, amount: number) => {
    if (begun) crc = crcByte(crc, colon)
    begun = true
    crc = crcText(crcByte(crcText(crc, String(price)), colon), String(amount))
  }
  for (let depth = 0; depth < checksumLevels; depth++) {
    if (depth < book.count(0)) addLevel(book.price(0, depth), book.quantity(0, depth))
    if (depth < book.count(1)) addLevel(book.price(1, depth), -book.quantity(1, depth))
  }
  return crcEnd(crc) | 0
}

const colon = 0x3a

export const makeBitfinexDecoder: FrameDecoderFactory = (symbols, record, sink) => new BitfinexDecoder(symbols, record, sink)
