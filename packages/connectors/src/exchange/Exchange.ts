/**
 * What a venue is to the engine, as plain values and functions: `Feed` is its market data (addresses, subscriptions, limits), `Reference`
 * its pairs and its clock. One connector (`transport/Connector.ts`) runs every venue; the venue's decoder turns what comes back into events.
 */
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { type Duration, Result } from "effect"

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
  /** Smallest steps of price and quantity, as decimals; undefined where the venue does not list them. */
  readonly priceStep: string | undefined
  readonly quantityStep: string | undefined
}

/** A venue's whole book by REST: a merged book begins with it, a quiet connection is tested by it, and it is polled while sockets fail. */
export interface RestBook {
  readonly path: (symbol: string) => string
  /** What one request costs, in tokens of the venue's rate. */
  readonly weight: number
  /** The symbol that such a request was for; undefined for any other. For recordings. */
  readonly symbolOf: (url: URL) => string | undefined
}

/** A venue's public market data: where it is, how it is asked for, how a connection is kept alive, and how a lost book is built anew. */
export interface Feed {
  /** The venue's id: `binance`; also the name of its instruments' venue. */
  readonly id: string
  /** Production, for public data. */
  readonly endpoints: Endpoints
  /** Path and query behind the socket endpoint. */
  readonly socketPath: (instruments: ReadonlyArray<Instrument>) => string
  /** Asked first where the venue gives out its sockets' addresses, with a token. */
  readonly handshake?: { readonly path: string; readonly socketUrl: (body: unknown) => string | undefined }
  /** Messages to send once connected, in order. */
  readonly subscribe: (instruments: ReadonlyArray<Instrument>) => ReadonlyArray<string>
  readonly book: RestBook
  /**
   * How a lost change of a book is noticed: by ids that must follow each other, by a checksum, or by times that must not run back. `whole
   * books`: the venue sends the whole book each time, so that a loss mends itself. `nothing`: only a book whose sides cross shows it.
   */
  readonly verifiedBy: "ids" | "checksum" | "ids and checksum" | "times" | "whole books" | "nothing"
  /** Where the best bid and ask come from. */
  readonly bestFrom: "feed" | "book"
  /** How one book is built anew. */
  readonly resync:
    /** By `book`, which the decoder merges by sequence. */
    | { readonly _tag: "Snapshot" }
    /** By leaving the channel and joining it again. */
    | {
        readonly _tag: "Resubscribe"
        readonly messages: (instruments: ReadonlyArray<Instrument>) => ReadonlyArray<string>
        readonly wholeConnection: boolean
      }
    /** By a new connection: channels have numbers that only the decoder knows, or the loss may have been any book's. */
    | { readonly _tag: "Reconnect" }
  /** Sent again and again, where the venue asks for it. */
  readonly ping: { readonly every: Duration.Input; readonly message: string } | undefined
  /** The reply that a message of the venue's asks for: its own pings. */
  readonly reply?: (message: Uint8Array) => string | undefined
  /** Messages that show that the connection works and carry no data: pongs, heartbeats. */
  readonly isHeartbeat?: (message: Uint8Array) => boolean
  /** The message in a frame, where the venue packs them. Throws when it is not packed as it should be. */
  readonly unpack?: (frame: Uint8Array) => Uint8Array
  /** A connection without a single frame for this long is dead: the venue is known to send frames more often. */
  readonly silenceMax: Duration.Input
  /** Without data for this long, pings or not, the connection is tested: its books are compared with the venue's by REST. */
  readonly quietMax: Duration.Input
  /** Messages that may be sent to the venue in a second, on one connection. */
  readonly messagesPerSecond: number
  readonly instrumentsPerConnection: number
  /** REST tokens a minute: half of what the venue allows, so that other programs of the same address find room. */
  readonly restPerMinute: number
}

/** A venue's public reference data, by REST. */
export interface Reference {
  readonly listingsPath: string
  /** The venue's pairs; undefined for a body of another form. */
  readonly decodeListings: (body: unknown) => ReadonlyArray<Listing> | undefined
  readonly timePath: string
  /** The venue's clock, Unix ms; undefined where the venue does not offer it. */
  readonly decodeTime: (body: unknown) => number | undefined
}

/** Everything that the engine needs to know of a venue, but for its decoder. */
export interface Exchange extends Feed, Reference {}

/** The message in a frame of the venue's. What cannot be unpacked is left as it is, to the decoder, which refuses it and is counted. */
export const messageIn = ({ unpack }: Feed, frame: Uint8Array): Uint8Array =>
  unpack === undefined
    ? frame
    : Result.getOrElse(
        Result.try(() => unpack(frame)),
        () => frame
      )

/** Numbers of decimals as a step: 5 is `1e-5`. */
export const stepOf = (decimals: number | undefined): string | undefined => (decimals === undefined ? undefined : `1e-${decimals}`)

/** `symbolOf` for venues that name it in the query. */
export const symbolInQuery =
  (path: RegExp, parameter: string) =>
  (url: URL): string | undefined =>
    path.test(url.pathname) ? (url.searchParams.get(parameter) ?? undefined) : undefined

/** `symbolOf` for venues that name it in the path: the pattern's first group. */
export const symbolInPath =
  (path: RegExp) =>
  (url: URL): string | undefined =>
    path.exec(url.pathname)?.[1]
