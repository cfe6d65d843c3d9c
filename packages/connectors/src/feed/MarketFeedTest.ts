/** What a test holds in its hand beside `MarketFeed.layerTest`: the requests that the feed was given, and a way to push frames. */
import type { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { Context, Effect } from "effect"
import { FrameSink } from "../transport/FrameSink.ts"
import { Venues } from "../exchange/Venues.ts"

export type FeedRequest =
  | { readonly _tag: "Resync"; readonly instrument: number; readonly reason: string }
  | { readonly _tag: "Restarted" }
  | { readonly _tag: "Refresh" }

export interface PushedFrame {
  readonly source: FrameSource
  readonly venue: string
  readonly connection?: number
  /** The instrument of a snapshot, an event or a listing. */
  readonly instrument?: number
  readonly payload?: Uint8Array
}

export class MarketFeedTest extends Context.Service<
  MarketFeedTest,
  {
    /** In the order in which they came. */
    readonly requests: () => ReadonlyArray<FeedRequest>
    /** Hands a frame to the sink as a connector would; false when the sink had no room. */
    readonly push: (frame: PushedFrame) => boolean
    readonly tick: () => boolean
  }
>()("@evenkeel/connectors/feed/MarketFeedTest") {}

/** Both sides of the double. */
export const makeFeedDouble = Effect.gen(function* () {
  const sink = yield* FrameSink
  const venues = yield* Venues
  const requests: Array<FeedRequest> = []
  const record = (request: FeedRequest) => Effect.sync(() => void requests.push(request))
  return {
    feed: {
      resync: (instrument: number, reason: string) => record({ _tag: "Resync", instrument, reason }),
      restarted: record({ _tag: "Restarted" }),
      refresh: record({ _tag: "Refresh" }),
      connectors: [],
      counts: () => []
    },
    control: MarketFeedTest.of({
      requests: () => requests,
      push: ({ connection = 0, instrument = -1, payload = new Uint8Array(0), source, venue }) =>
        sink.offer(source, venues.wireNumber(venue), connection, instrument, payload),
      tick: sink.tick
    })
  }
})
