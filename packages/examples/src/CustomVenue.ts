/**
 * A venue of one's own: a decoder for its frames. This one speaks lines of `SYMBOL bid bidQuantity ask askQuantity`.
 *
 * What a decoder owes: events in order, `unlisted` for what nobody asked for, `malformed` for what the protocol does not allow, and no
 * event of a frame that turns out malformed.
 */
import { WireDecoder } from "@evenkeel/connectors/wire/WireDecoder"
import { FrameOutcome, type FrameDecoderFactory } from "@evenkeel/domain/market/FrameDecoder"
import { EventKind } from "@evenkeel/domain/market/MarketRecord"

class LineDecoder extends WireDecoder {
  override decode(bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const [symbol = "", ...fields] = new TextDecoder().decode(bytes.slice(start, end)).split(" ")
    const numbers = fields.map(Number)
    if (numbers.length !== 4 || !numbers.every((value) => Number.isFinite(value) && value >= 0)) return FrameOutcome.malformed
    const instrument = this.symbols.findText(symbol)
    if (instrument < 0) return FrameOutcome.unlisted
    this.setTime(Number.NaN)
    this.record.numbers.set(numbers, 1)
    this.emit(EventKind.quote, instrument)
    return FrameOutcome.market
  }

  /** There are no books, so there is nothing to merge and nothing to forget. */
  override snapshot(): FrameOutcome {
    return FrameOutcome.unknown
  }

  override reset(): void {}
}

export const makeLineDecoder: FrameDecoderFactory = (symbols, record, sink) => new LineDecoder(symbols, record, sink)
