/**
 * Pairs that come and go while the engine runs: each look at the venues' lists is compared with what is known. A new pair takes one of the
 * places that the hot path keeps free and a connection of its own; one that is gone says nothing any more. A renamed pair is both.
 */
import { compareListings, discoverPairs, isPairOf } from "@evenkeel/connectors/discovery/Discovery"
import type { Numbered } from "@evenkeel/connectors/feed/Instruments"
import type { Connector } from "@evenkeel/connectors/transport/Connector"
import { FrameSink } from "@evenkeel/connectors/transport/FrameSink"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { type Instrument, listedPayload } from "@evenkeel/domain/market/Instrument"
import { sourceIds } from "@evenkeel/domain/market/Venue"
import { Effect } from "effect"
import type { EngineSetup } from "./EngineSetup.ts"

const nothing = new Uint8Array(0)

export const makeListings = Effect.fnUntraced(function* (options: {
  readonly setup: Pick<EngineSetup, "coins" | "discovered" | "instruments">
  readonly connectors: ReadonlyArray<Connector>
  readonly spares: number
}) {
  const { connectors, setup } = options
  const sink = yield* FrameSink
  const first = setup.instruments.length
  const numberMax = first + options.spares
  const gone = new Set<number>()
  const say = (source: FrameSource, instrument: Instrument, number: number, payload: Uint8Array) =>
    sink.offer(
      source,
      sourceIds.findIndex((id) => id === instrument.venue),
      0,
      number,
      payload
    )
  const announce = (instrument: Instrument, number: number) => say(FrameSource.listed, instrument, number, listedPayload(instrument))

  const refreshVenue = Effect.fnUntraced(function* (connector: Connector) {
    const { exchange, rest } = connector
    const now = yield* discoverPairs(exchange, rest, setup.coins)
    // What was configured by name and is no pair of the coins is not for discovery to judge.
    const known = setup.instruments.filter(
      (instrument, number) => instrument.venue === exchange.id && !gone.has(number) && isPairOf(instrument, setup.coins)
    )
    const { delisted, listed } = compareListings(known, now)
    for (const instrument of delisted) {
      const number = setup.instruments.indexOf(instrument)
      // A full ring: the next look tells again.
      if (!say(FrameSource.delisted, instrument, number, nothing)) continue
      gone.add(number)
      connector.remove(number)
      yield* Effect.logWarning("a pair is not traded any more", { venue: exchange.id, symbol: instrument.symbol })
    }
    const added: Array<Numbered> = []
    for (const instrument of listed) {
      if (setup.instruments.length >= numberMax) {
        yield* Effect.logWarning("a pair was listed, and no place is left for it until the next start", {
          venue: exchange.id,
          symbol: instrument.symbol
        })
        continue
      }
      const number = setup.instruments.length
      if (!announce(instrument, number)) continue
      setup.instruments.push(instrument)
      added.push({ instrument, number })
      yield* Effect.logInfo("a pair was listed", { venue: exchange.id, symbol: instrument.symbol })
    }
    if (added.length > 0) yield* connector.add(added)
  })

  return {
    /** Looks at every venue's list once. A venue that does not answer keeps what it has. */
    refresh: Effect.forEach(
      connectors.filter(({ exchange }) => setup.discovered.includes(exchange.id)),
      (connector) =>
        refreshVenue(connector).pipe(
          Effect.catch((error) =>
            Effect.logWarning("a venue's pairs could not be looked at", { venue: connector.exchange.id, reason: error.message })
          )
        ),
      { discard: true }
    ),
    /** Says again what was listed since the start, to a hot path that began anew. */
    repeat: Effect.sync(() => {
      for (let number = first; number < setup.instruments.length; number++) {
        if (!gone.has(number)) announce(setup.instruments[number]!, number)
      }
    })
  }
})
