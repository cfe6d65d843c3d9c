/** Carries what the hot path asks of the market to where it is asked: books that must be built anew, and frames that people should see. */
import { Venues } from "@evenkeel/connectors/exchange/Venues"
import { MarketFeed } from "@evenkeel/connectors/feed/MarketFeed"
import { Detection } from "@evenkeel/detection/host/Detection"
import { FrameOutcome } from "@evenkeel/domain/market/FrameDecoder"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { Effect, Layer, Queue } from "effect"

/** A sample of the frames that cannot be used is logged at most this often; the counters have every one. */
const refusalEvery = "1 second"
/** Handing something on takes no time. */
const hangsAfter = "5 seconds"

const outcomeName = (outcome: number): string => Object.entries(FrameOutcome).find(([, code]) => code === outcome)?.[0] ?? "unknown"

export const layerBridges = Layer.effectDiscard(
  Effect.gen(function* () {
    const supervisor = yield* Supervisor
    const detection = yield* Detection
    const feed = yield* MarketFeed
    const venues = yield* Venues
    yield* supervisor.superviseBeating(
      "book-requests",
      ({ waiting }) =>
        waiting(Queue.take(detection.resyncs)).pipe(
          Effect.flatMap(({ instrument, reason }) => feed.resync(instrument, reason)),
          Effect.forever
        ),
      hangsAfter
    )
    yield* supervisor.superviseBeating(
      "hot-path-restarts",
      ({ waiting }) => waiting(Queue.take(detection.restarts)).pipe(Effect.andThen(feed.restarted), Effect.forever),
      hangsAfter
    )
    yield* supervisor.superviseBeating(
      "refusals",
      ({ waiting }) =>
        waiting(Queue.take(detection.refusals)).pipe(
          Effect.flatMap(({ outcome, sample, venue }) =>
            Effect.logWarning("a frame cannot be used", { venue: venues.sources[venue]?.id, outcome: outcomeName(outcome), sample })
          ),
          Effect.andThen(waiting(Effect.sleep(refusalEvery))),
          Effect.forever
        ),
      hangsAfter
    )
  })
)
