/** A venue's real decoder over frames given as text, and the events that it hands on. */
import { FrameOutcome, type FrameDecoderFactory } from "@evenkeel/domain/market/FrameDecoder"
import { EventKind, type LevelReader, MarketRecord, staleReasons } from "@evenkeel/domain/market/MarketRecord"
import { SymbolTable } from "@evenkeel/domain/market/SymbolTable"

export type DecodedEvent =
  | {
      readonly kind: "trade" | "pastTrade"
      readonly symbol: string
      readonly time: number
      readonly price: number
      readonly quantity: number
      readonly taker: number
    }
  | { readonly kind: "quote"; readonly symbol: string; readonly time: number; readonly bid: number; readonly ask: number }
  | {
      readonly kind: "levels"
      readonly symbol: string
      readonly levels: ReadonlyArray<readonly [side: number, price: number, quantity: number]>
    }
  | { readonly kind: "bookStale"; readonly symbol: string; readonly reason: string }
  | { readonly kind: string; readonly symbol: string }

const emptyBook: LevelReader = { count: () => 0, price: () => Number.NaN, quantity: () => Number.NaN }
const nameOf = (code: number) => Object.entries(EventKind).find(([, value]) => value === code)![0]

export const decoding = (factory: FrameDecoderFactory, ...symbols: ReadonlyArray<string>) => {
  const record = new MarketRecord()
  const events: Array<DecodedEvent> = []
  const accept = () => {
    const { integers, levels, numbers } = record
    const kind = nameOf(integers[0]!)
    const at = { symbol: symbols[integers[1]!]! }
    if (kind === "trade" || kind === "pastTrade")
      events.push({ kind, ...at, time: numbers[0]!, price: numbers[1]!, quantity: numbers[2]!, taker: integers[2]! })
    else if (kind === "quote") events.push({ kind, ...at, time: numbers[0]!, bid: numbers[1]!, ask: numbers[3]! })
    else if (kind === "bookLevels") {
      const rows = Array.from({ length: integers[3]! }, (_, row) => [levels[row * 3]!, levels[row * 3 + 1]!, levels[row * 3 + 2]!] as const)
      events.push({ kind: "levels", ...at, levels: rows })
    } else if (kind === "bookStale") events.push({ kind, ...at, reason: staleReasons[integers[2]!]! })
    else events.push({ kind, ...at })
  }
  const decoder = factory(new SymbolTable(symbols.map((symbol, number) => [symbol, number] as const)), record, {
    accept,
    book: () => emptyBook
  })
  const outcomes = Object.entries(FrameOutcome)
  return {
    events,
    /** Gives the decoder one frame, and says what it made of it. */
    receive: (frame: string | Uint8Array) => {
      const bytes = typeof frame === "string" ? new TextEncoder().encode(frame) : frame
      const outcome = decoder.decode(bytes, 0, bytes.length)
      return outcomes.find(([, code]) => code === outcome)![0]
    },
    /** Gives the decoder a book by REST. */
    merge: (symbol: string, body: string) => {
      const bytes = new TextEncoder().encode(body)
      return decoder.snapshot(symbols.indexOf(symbol), bytes, 0, bytes.length)
    },
    reset: () => decoder.reset()
  }
}

/** The trades among events, as their kind and price. */
export const tradesOf = (events: ReadonlyArray<DecodedEvent>): ReadonlyArray<string> =>
  events.flatMap((event) => ("price" in event ? [`${event.kind} ${event.price}`] : []))
