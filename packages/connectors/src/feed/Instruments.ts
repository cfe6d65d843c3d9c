/**
 * The instruments of the engine and the numbers that the hot path, its state table and the journal know them by.
 *
 * The first ones have the numbers of their positions; a pair that is listed while the engine runs takes the next of `spares` free numbers.
 * A pair that was delisted and comes back has its own number again. Another pair takes the number of a delisted one only when no new number
 * is left, the one that was freed first: frames name instruments by number, and a late frame must not become a price of the pair that came
 * after. The numbers of the first ones are theirs until the next start.
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
    /** The instrument that a number was given to last, delisted or not; undefined for a number that was not given. */
    readonly byNumber: (number: number) => Instrument | undefined
    /** The number of a pair that is traded on a venue. */
    readonly numberOf: (venue: string, symbol: string) => number | undefined
    /** Numbers that there are in all: given ones and free ones. */
    readonly capacity: number
    /** Gives a pair its own number or else a free one, or returns the number that it has. */
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
    return `${this.venue} ${this.symbol}: all ${this.capacity} instrument numbers are in use`
  }
}

const makeInstruments = Effect.fnUntraced(function* (initial: ReadonlyArray<Instrument>, spares: number) {
  const capacity = initial.length + spares
  const given: Array<Instrument> = []
  const traded = new Map<string, Numbered>()
  /** Numbers of pairs that were listed while running and delisted, in this order. */
  const freed = new Set<number>()
  const changes = yield* Effect.acquireRelease(PubSub.sliding<InstrumentChange>(changesMax), PubSub.shutdown)

  const give = (instrument: Instrument, number: number): Numbered => {
    const numbered = { instrument, number }
    given[number] = instrument
    freed.delete(number)
    const key = instrumentKey(instrument)
    // A pair that is configured twice keeps its first number.
    if (!traded.has(key)) traded.set(key, numbered)
    return numbered
  }
  const publish = (change: InstrumentChange) => PubSub.publish(changes, change)
  for (const [number, instrument] of initial.entries()) give(instrument, number)
  const numberFor = (instrument: Instrument): number | undefined => {
    const own = given.findIndex(
      (other) => instrumentKey(other) === instrumentKey(instrument) && other.base === instrument.base && other.quote === instrument.quote
    )
    if (own >= 0) return own
    return given.length < capacity ? given.length : freed.values().next().value
  }

  return Instruments.of({
    list: () => [...traded.values()],
    byNumber: (number) => given[number],
    numberOf: (venue, symbol) => traded.get(keyOf(venue, symbol))?.number,
    capacity,
    add: Effect.fnUntraced(function* (instrument) {
      const known = traded.get(instrumentKey(instrument))
      if (known !== undefined) return known.number
      const number = numberFor(instrument)
      if (number === undefined) return yield* new InstrumentsFull({ venue: instrument.venue, symbol: instrument.symbol, capacity })
      const numbered = give(instrument, number)
      yield* publish({ ...numbered, kind: "listed" })
      return numbered.number
    }),
    remove: Effect.fnUntraced(function* (number) {
      const instrument = given[number]
      if (instrument === undefined || traded.get(instrumentKey(instrument))?.number !== number) return false
      traded.delete(instrumentKey(instrument))
      if (number >= initial.length) freed.add(number)
      yield* publish({ instrument, number, kind: "delisted" })
      return true
    }),
    changes: Stream.fromPubSub(changes)
  })
})

const keyOf = (venue: string, symbol: string): string => instrumentKey({ venue, symbol, base: "", quote: "" })
