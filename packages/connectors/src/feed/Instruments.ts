/**
 * The instruments of the engine and the numbers that the hot path, its state table and the journal know them by.
 *
 * The first ones have the numbers of their positions; a pair that is listed while the engine runs takes the next of `spares` free numbers.
 * A number is given once: frames and journals name instruments by number, and a late frame of a delisted pair must not become a price of
 * the pair that came after it. The number of a delisted pair is therefore free again only after a restart.
 */
import { type Instrument, instrumentKey } from "@evenkeel/domain/market/Instrument"
import { Context, Effect, Layer, PubSub, Schema, Stream } from "effect"

/** An instrument and its number. */
export interface Numbered {
  readonly instrument: Instrument
  readonly number: number
}

export interface InstrumentChange extends Numbered {
  readonly kind: "listed" | "delisted"
}

/** A listener that falls this far behind misses the oldest changes; `list` has the present state. */
const changesMax = 1024

export class Instruments extends Context.Service<
  Instruments,
  {
    /** All that are traded, by number. */
    readonly list: () => ReadonlyArray<Numbered>
    /** The instrument that a number was given to, delisted or not; undefined for a number that was not given. */
    readonly byNumber: (number: number) => Instrument | undefined
    /** The number of a pair that is traded on a venue. */
    readonly numberOf: (venue: string, symbol: string) => number | undefined
    /** Numbers that there are in all: given ones and free ones. */
    readonly capacity: number
    /** Gives a pair the next free number, or returns the number that it has. */
    readonly add: (instrument: Instrument) => Effect.Effect<number, InstrumentsFull>
    /** Takes a pair off the list of those that are traded; false when it was not on it. */
    readonly remove: (number: number) => Effect.Effect<boolean>
    /** Every change from the moment of subscribing on, for any number of listeners. */
    readonly changes: Stream.Stream<InstrumentChange>
  }
>()("@evenkeel/connectors/feed/Instruments") {
  /** `spares`: how many pairs can be listed while the engine runs. */
  static readonly layer = (options: { readonly instruments: ReadonlyArray<Instrument>; readonly spares: number }) =>
    Layer.effect(Instruments, makeInstruments(options.instruments, options.spares))
}

/** No number is free for a pair that was listed. */
export class InstrumentsFull extends Schema.TaggedError<InstrumentsFull>()("InstrumentsFull", {
  venue: Schema.String,
  symbol: Schema.String,
  capacity: Schema.Int
}) {
  override get message() {
    return `${this.venue} ${this.symbol}: all ${this.capacity} instrument numbers are in use until the next start`
  }
}

const makeInstruments = Effect.fnUntraced(function* (initial: ReadonlyArray<Instrument>, spares: number) {
  const capacity = initial.length + spares
  const given: Array<Instrument> = []
  const traded = new Map<string, Numbered>()
  const changes = yield* Effect.acquireRelease(PubSub.sliding<InstrumentChange>(changesMax), PubSub.shutdown)

  const give = (instrument: Instrument): Numbered => {
    const numbered = { instrument, number: given.push(instrument) - 1 }
    const key = instrumentKey(instrument)
    // A pair that is configured twice keeps its first number.
    if (!traded.has(key)) traded.set(key, numbered)
    return numbered
  }
  const publish = (change: InstrumentChange) => PubSub.publish(changes, change)
  for (const instrument of initial) give(instrument)

  return Instruments.of({
    list: () => [...traded.values()],
    byNumber: (number) => given[number],
    numberOf: (venue, symbol) => traded.get(keyOf(venue, symbol))?.number,
    capacity,
    add: Effect.fnUntraced(function* (instrument) {
      const known = traded.get(instrumentKey(instrument))
      if (known !== undefined) return known.number
      if (given.length === capacity) return yield* new InstrumentsFull({ venue: instrument.venue, symbol: instrument.symbol, capacity })
      const numbered = give(instrument)
      yield* publish({ ...numbered, kind: "listed" })
      return numbered.number
    }),
    remove: Effect.fnUntraced(function* (number) {
      const instrument = given[number]
      if (instrument === undefined || traded.get(instrumentKey(instrument))?.number !== number) return false
      traded.delete(instrumentKey(instrument))
      yield* publish({ instrument, number, kind: "delisted" })
      return true
    }),
    changes: Stream.fromPubSub(changes)
  })
})

const keyOf = (venue: string, symbol: string): string => instrumentKey({ venue, symbol, base: "", quote: "" })
