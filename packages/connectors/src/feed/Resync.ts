/**
 * Routes requests for new books to the connector that carries the instrument.
 *
 * The mailbox holds at most one request for each instrument: a newer one takes the place of one that waits, so that there is always room.
 */
import { makeActor } from "@evenkeel/runtime/supervision/Actor"
import { Effect } from "effect"
import type { Connector } from "../transport/Connector.ts"
import { Instruments } from "./Instruments.ts"
import type { Listings } from "./Listings.ts"

type ResyncMessage =
  /** The hot path lost an instrument's book. */
  | { readonly _tag: "Resync"; readonly instrument: number; readonly reason: string }
  /** The hot path began anew and knows no book, and no pair that was listed since the start. */
  | { readonly _tag: "Restarted" }

export const makeResync = Effect.fnUntraced(function* (connectors: ReadonlyArray<Connector>, listings: Listings) {
  const instruments = yield* Instruments
  const connectorOf = new Map(connectors.map((connector) => [connector.exchange.id as string, connector] as const))
  const resync = (number: number, reason: string) =>
    connectorOf.get(instruments.byNumber(number)?.venue ?? "")?.resync(number, reason) ?? Effect.void

  return yield* makeActor<void, ResyncMessage, void, never, never>({
    name: "resync",
    // Connections take requests at once.
    hangsAfter: "5 seconds",
    mailboxCapacity: instruments.capacity + 1,
    overflow: { _tag: "Conflate", key: (message) => (message._tag === "Resync" ? String(message.instrument) : "restarted") },
    initial: Effect.void,
    receive: Effect.fnUntraced(function* (_, message) {
      if (message._tag === "Resync") yield* resync(message.instrument, message.reason)
      else {
        // Before the books: the hot path must know a listed pair when its book comes.
        yield* listings.repeat
        for (const { number } of instruments.list()) yield* resync(number, "thread-restarted")
      }
      return [undefined, undefined] as const
    })
  })
})
