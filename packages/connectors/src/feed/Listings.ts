/**
 * Pairs that come and go while the engine runs.
 *
 * Each time the venues' lists are read they are compared with what is traded. A new pair takes one of the free instrument numbers, is
 * announced to the hot path, and is then subscribed to on a connection of its own; one that is gone is withdrawn. A renamed pair is both. An
 * announcement for which the sink has no room waits, at most two for each instrument, and is sent with a later clock tick.
 */
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { listedPayload } from "@evenkeel/domain/market/Instrument"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Effect } from "effect"
import { compareListings, discoverPairs, type Followed, isPairOf } from "../discovery/Discovery.ts"
import { Venues } from "../exchange/Venues.ts"
import type { Connector } from "../transport/Connector.ts"
import { FrameSink } from "../transport/FrameSink.ts"
import { Instruments, type Numbered } from "./Instruments.ts"

export interface Listings {
  /** Reads every venue's list once. A venue that does not answer keeps the pairs that it has. */
  readonly refresh: Effect.Effect<void>
  /** Tells a hot path that began anew what was listed and delisted since the start. */
  readonly repeat: Effect.Effect<void>
  /** Sends the announcements that wait for room. */
  readonly announce: Effect.Effect<void>
}

const noBytes = new Uint8Array(0)

/** `connectors`: those whose venues' lists are read. */
export const makeListings = Effect.fnUntraced(function* (connectors: ReadonlyArray<Connector>, followed: Followed) {
  const instruments = yield* Instruments
  const sink = yield* FrameSink
  const health = yield* HealthRegistry
  const venues = yield* Venues
  type Announcement = typeof FrameSource.listed | typeof FrameSource.delisted
  /** By instrument number: what a hot path that starts now with the first instruments does not know. */
  const changed = new Map<number, Announcement>()
  /** What was not sent yet, in order: a place may be taken from one pair and given to the next. */
  const waiting = new Map<number, ReadonlyArray<Announcement>>()
  const subscribed = new Set<number>()

  const send = (number: number, source: Announcement): boolean => {
    const instrument = instruments.byNumber(number)
    if (instrument === undefined) return true
    const venue = venues.wireNumber(instrument.venue)
    return sink.offer(source, venue, 0, number, source === FrameSource.listed ? listedPayload(instrument) : noBytes)
  }

  const announce = Effect.gen(function* () {
    const added: Array<number> = []
    for (const [number, sources] of waiting) {
      const unsent = sources.findIndex((source) => !send(number, source))
      if (unsent < 0) waiting.delete(number)
      else waiting.set(number, sources.slice(unsent))
      if (unsent >= 0 || sources.at(-1) !== FrameSource.listed || subscribed.has(number)) continue
      added.push(number)
      subscribed.add(number)
    }
    for (const connector of connectors) {
      const own = added.flatMap((number): ReadonlyArray<Numbered> => {
        const instrument = instruments.byNumber(number)
        return instrument?.venue === connector.exchange.id ? [{ instrument, number }] : []
      })
      if (own.length > 0) yield* connector.add(own)
    }
  })

  const list = (number: number) => {
    // One of the first pairs came back: a hot path that begins anew knows it.
    if (changed.get(number) === FrameSource.delisted) changed.delete(number)
    else changed.set(number, FrameSource.listed)
    waiting.set(number, [...(waiting.get(number) ?? []), FrameSource.listed])
  }
  const delist = (number: number) => {
    // A pair that was listed since the start is unknown to a hot path that begins anew, and to this one if it was not announced yet.
    if (changed.get(number) === FrameSource.listed) changed.delete(number)
    else changed.set(number, FrameSource.delisted)
    subscribed.delete(number)
    const before = waiting.get(number) ?? []
    if (before.at(-1) === FrameSource.listed) waiting.set(number, before.slice(0, -1))
    else waiting.set(number, [...before, FrameSource.delisted])
  }

  const refreshVenue = Effect.fnUntraced(function* (connector: Connector) {
    const { exchange, rest } = connector
    const found = yield* discoverPairs(exchange, rest, followed).pipe(Effect.provideService(HealthRegistry, health))
    // An instrument that was configured by name and is no pair to follow is not looked for, and so not missed either.
    const known = instruments.list().filter(({ instrument }) => instrument.venue === exchange.id && isPairOf(instrument, followed))
    const { delisted, listed } = compareListings(
      known.map(({ instrument }) => instrument),
      found
    )
    for (const { symbol, venue } of delisted) {
      const number = instruments.numberOf(venue, symbol)
      if (number === undefined || !(yield* instruments.remove(number))) continue
      connector.remove(number)
      delist(number)
      yield* Effect.logWarning("a pair is not traded any more", { venue, symbol })
    }
    for (const instrument of listed) {
      const { symbol, venue } = instrument
      // Configured by name, as another pair.
      if (instruments.numberOf(venue, symbol) !== undefined) continue
      yield* instruments.add(instrument).pipe(
        Effect.map(list),
        Effect.andThen(Effect.logInfo("a pair was listed", { venue, symbol })),
        Effect.catch((error) => Effect.logWarning("a pair was listed and cannot be followed", { venue, symbol, reason: error.message }))
      )
    }
    yield* announce
  })

  return {
    refresh: Effect.forEach(
      connectors,
      (connector) =>
        refreshVenue(connector).pipe(
          Effect.catch((error) =>
            Effect.logWarning("a venue's pairs could not be read", { venue: connector.exchange.id, reason: error.message })
          )
        ),
      { discard: true }
    ),
    repeat: Effect.suspend(() => {
      for (const [number, source] of changed) waiting.set(number, [source])
      return announce
    }),
    announce
  } satisfies Listings as Listings
})
