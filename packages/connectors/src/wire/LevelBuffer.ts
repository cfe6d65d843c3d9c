/**
 * Levels of one message, held back until the whole message has been read: a message that turns out malformed half-way leaves
 * the book as it was.
 */
import { EventKind, levelsPerEvent, type MarketRecord, type MarketSink } from "@evenkeel/domain/market/MarketRecord"

/** A message with more levels than this is refused. The deepest books known send some 60,000. */
const levelsMax = 1 << 18

export class LevelBuffer {
  data = new Float64Array(3 * 2048)
  count = 0

  clear(): void {
    this.count = 0
  }

  /** Room for one more; returns where `[side, price, quantity]` goes, or -1 at the bound. */
  add(): number {
    const at = this.count * 3
    if (at === this.data.length) {
      if (this.count >= levelsMax) return -1
      const grown = new Float64Array(this.data.length * 2)
      grown.set(this.data)
      this.data = grown
    }
    this.count++
    return at
  }

  /** The same for values at hand, on slow paths. */
  push(side: 0 | 1, price: number, quantity: number): boolean {
    const at = this.add()
    if (at < 0) return false
    this.data[at] = side
    this.data[at + 1] = price
    this.data[at + 2] = quantity
    return true
  }

  /** Hands all levels to the sink, in as many events as it takes. */
  emit(record: MarketRecord, sink: MarketSink, instrument: number): void {
    for (let from = 0; from < this.count; from += levelsPerEvent) {
      const to = Math.min(this.count, from + levelsPerEvent)
      for (let i = from * 3, j = 0; i < to * 3; i++, j++) record.levels[j] = this.data[i]!
      record.integers[0] = EventKind.bookLevels
      record.integers[1] = instrument
      record.integers[3] = to - from
      sink.accept()
    }
  }
}
