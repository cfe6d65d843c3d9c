/** A decoder whose frames say what happens: a price of instrument 0, a hang, or the death of the thread. */
import { type FrameDecoderFactory, FrameOutcome } from "@evenkeel/domain/market/FrameDecoder"
import { EventKind } from "@evenkeel/domain/market/MarketRecord"

export const makeMarkerDecoder: FrameDecoderFactory = (_symbols, record, sink) => ({
  decode: (bytes, start, end) => {
    const text = Buffer.from(bytes.slice(start, end)).toString()
    if (text === "hang") for (;;);
    if (text === "die") process.exit(3)
    if (text === "throw") throw new Error("bug")
    record.integers[0] = EventKind.quote
    record.integers[1] = 0
    record.numbers.fill(Number.NaN)
    record.numbers.set([Number(text), 1e6, Number(text), 1e6], 1)
    sink.accept()
    return FrameOutcome.market
  },
  snapshot: () => FrameOutcome.unknown,
  reset: () => {}
})
