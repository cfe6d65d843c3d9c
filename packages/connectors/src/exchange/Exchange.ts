/**
 * What a venue is to the engine: its addresses, what is said to it, and its limits. Plain values and functions; the one connector
 * (`Connector.ts`) runs them all, and the decoder turns what comes back into events.
 */
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import type { VenueId } from "@evenkeel/domain/market/Venue"
import type { Duration } from "effect"

export interface Endpoints {
  /** `wss://…`, without the path that `socketPath` adds. */
  readonly socket: string
  /** `https://…` */
  readonly rest: string
}

/** An instrument as the venue lists it. */
export interface Listing {
  readonly symbol: string
  readonly base: string
  readonly quote: string
  readonly trading: boolean
  /** Smallest steps of price and quantity, as decimals; undefined where the venue does not say. */
  readonly priceStep: string | undefined
  readonly quantityStep: string | undefined
}

export interface Exchange {
  readonly id: VenueId
  /** Production, for public data. */
  readonly endpoints: Endpoints
  /** Path and query behind the socket endpoint. */
  readonly socketPath: (instruments: ReadonlyArray<Instrument>) => string
  /** Messages to send once connected, in order. */
  readonly subscribe: (instruments: ReadonlyArray<Instrument>) => ReadonlyArray<string>
  /** How one book is built anew. */
  readonly resync:
    /** By a REST snapshot that the decoder merges by sequence. */
    | { readonly _tag: "Snapshot"; readonly path: (symbol: string) => string; readonly weight: number }
    /** By leaving the channel and joining it again. */
    | {
        readonly _tag: "Resubscribe"
        readonly messages: (instruments: ReadonlyArray<Instrument>) => ReadonlyArray<string>
        readonly wholeConnection: boolean
      }
  /** Sent on a quiet connection, where the venue asks for it. */
  readonly ping: { readonly every: Duration.Input; readonly message: string } | undefined
  /** A connection without a single frame for this long is dead: the venue is known to speak more often. */
  readonly silenceMax: Duration.Input
  /** Messages that may be sent to the venue in a second, on one connection. */
  readonly messagesPerSecond: number
  readonly instrumentsPerConnection: number
  readonly listingsPath: string
  readonly decodeListings: (body: unknown) => ReadonlyArray<Listing> | undefined
  readonly timePath: string
  /** The venue's clock, Unix ms. */
  readonly decodeTime: (body: unknown) => number | undefined
}
