/**
 * What the parts of one connection to a venue share, and the ways in which a connection can end beside a closed socket.
 */
import { Effect, type Queue, Schema } from "effect"
import type { Endpoints, Exchange } from "../exchange/Exchange.ts"
import type { Numbered } from "../feed/Instruments.ts"
import { type ByteBudget, budgetBytesPerSecond } from "./ByteBudget.ts"
import type { Rest } from "./Rest.ts"
import type { Socket, SocketClosed } from "./Socket.ts"

export interface Connection {
  readonly exchange: Exchange
  readonly endpoints: Endpoints
  readonly rest: Rest
  /** What all connections to the venue may bring. */
  readonly budget: ByteBudget
  /** The venue's wire number. */
  readonly venue: number
  /** The connection's number within its venue. */
  readonly connection: number
  /** What it subscribes to; a pair that is delisted leaves. */
  readonly carried: ReadonlyArray<Numbered>
  /** Instruments whose books are to be built anew. */
  readonly resyncs: Queue.Queue<number>
  /** Its name in logs and in the health registry. */
  readonly component: string
  /** True while its socket is open. */
  open: boolean
  /** True while it waits for pairs, because all of its own were delisted. */
  parked: boolean
}

/** The venue accepted the connection and then said nothing. */
export class VenueSilent extends Schema.TaggedError<VenueSilent>()("VenueSilent", {
  venue: Schema.String,
  silentMillis: Schema.Finite,
  /** No frame at all came, or signs of life and no data while the venue's books changed. */
  of: Schema.Literals(["everything", "data"])
}) {
  override get message() {
    const what = this.of === "everything" ? "has said nothing" : "has sent no data, though its books changed,"
    return `${this.venue} ${what} for ${Math.round(this.silentMillis / 1000)} s`
  }
}

/** The venue brought more than its budget, and more than others should wait for. */
export class VenueCutOff extends Schema.TaggedError<VenueCutOff>()("VenueCutOff", { venue: Schema.String }) {
  override get message() {
    return `${this.venue} sent more than ${budgetBytesPerSecond >> 20} MB a second`
  }
}

/** All pairs of the connection were delisted. */
export class NothingCarried extends Schema.TaggedError<NothingCarried>()("NothingCarried", {}) {
  override get message() {
    return "all of its pairs were delisted"
  }
}

/** A book was lost, and a new connection is this venue's way to build it again. */
export class BookLost extends Schema.TaggedError<BookLost>()("BookLost", { venue: Schema.String, symbol: Schema.String }) {
  override get message() {
    return `the book of ${this.symbol} was lost`
  }
}

/** The venue did not say where its sockets are. */
export class HandshakeRefused extends Schema.TaggedError<HandshakeRefused>()("HandshakeRefused", { venue: Schema.String }) {
  override get message() {
    return `${this.venue} named no socket to connect to`
  }
}

/** Sends messages no faster than the venue allows. */
export const sendPaced = (exchange: Exchange, socket: Socket, messages: ReadonlyArray<string>): Effect.Effect<void, SocketClosed> =>
  Effect.forEach(
    messages,
    (message, index) =>
      (index === 0 ? Effect.void : Effect.sleep(1000 / exchange.messagesPerSecond)).pipe(Effect.andThen(socket.send(message))),
    { discard: true }
  )
