/**
 * `evenkeel record`: the raw frames of venues, as they come, into a journal. The hot path reads along, so that a book that lost its
 * place is asked for anew and the recording is as whole as a live run's.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Instruments } from "@evenkeel/connectors/feed/Instruments"
import { MarketFeed } from "@evenkeel/connectors/feed/MarketFeed"
import { FrameSink, type FrameCounts } from "@evenkeel/connectors/transport/FrameSink"
import { decodedSources } from "@evenkeel/connectors/exchange/Decoders"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { sourceIds, type VenueId } from "@evenkeel/domain/market/Venue"
import { HealthMonitor } from "@evenkeel/runtime/health/HealthMonitor"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { MarketJournal } from "@evenkeel/store/journal/MarketJournal"
import { Console, Context, Effect, Layer, Option, Queue, Schema } from "effect"
import type { EngineConfig } from "../config/EngineConfig.ts"
import { coinsOf, instrumentsOf, venueOf, venuesOf } from "../engine/EngineSetup.ts"
import { findInstruments } from "../mode/Live.ts"
import { LocalHotPath } from "@evenkeel/detection/host/LocalHotPath"

/** There is nothing to record. */
export class NothingToRecord extends Schema.TaggedError<NothingToRecord>()("NothingToRecord", { venues: Schema.Array(Schema.String) }) {
  override get message() {
    return `no instrument is configured or found${this.venues.length > 0 ? ` on ${this.venues.join(", ")}` : ""}: name some with EVENKEEL_INSTRUMENTS or EVENKEEL_DISCOVERY_VENUES`
  }
}

const resyncsMax = 1024

export const runRecord = Effect.fn("runRecord")(function* (
  config: EngineConfig,
  options: { readonly directory: string; readonly venues: ReadonlyArray<VenueId>; readonly seconds: Option.Option<number> }
) {
  // A venue that none of the instruments is on is looked through for pairs of the coins.
  const bare = options.venues.filter((venue) => !venuesOf(instrumentsOf(config)).includes(venue))
  const found = yield* findInstruments({
    ...config,
    discovery: { ...config.discovery, venues: [...new Set([...config.discovery.venues, ...bare])] }
  })
  const instruments = found.filter(({ venue }) =>
    (options.venues.length === 0 ? venuesOf(found) : options.venues).some((id) => id === venue)
  )
  if (instruments.length === 0) return yield* new NothingToRecord({ venues: options.venues })
  const clock = () => performance.timeOrigin + performance.now()
  const hotPath = {
    coins: coinsOf(config),
    instruments,
    venues: decodedSources,
    barMillis: config.hotPath.barSeconds * 1000,
    scoreGapMillis: Number.POSITIVE_INFINITY
  }
  const manifest = { startedAt: clock(), barMillis: hotPath.barMillis, coins: hotPath.coins, venues: sourceIds, instruments }
  const layer = MarketJournal.layer({ directory: options.directory, manifest }).pipe(
    Layer.provideMerge(HealthMonitor.layer),
    Layer.provideMerge(Layer.mergeAll(Policies.layer(), Supervisor.layer)),
    Layer.provideMerge(HealthRegistry.layer),
    Layer.provideMerge(NodeHttpClient.layerUndici)
  )
  const record = Effect.gen(function* () {
    const journal = yield* MarketJournal
    const supervisor = yield* Supervisor
    const local = new LocalHotPath(hotPath)
    const resyncs = yield* Queue.sliding<readonly [instrument: number, reason: string]>(resyncsMax)
    const counts: ReadonlyArray<FrameCounts> = sourceIds.map(() => ({ frames: 0, bytes: 0, dropped: 0 }))
    const offer: FrameSink["Service"]["offer"] = (source, venue, connection, instrument, payload) => {
      const length = local.feed({ source, venue, connection, instrument, received: clock(), payload })
      const kept = journal.append(local.frame, 0, length)
      const count = counts[venue]!
      // What the venue has sent; the rest are words of connections and of the clock.
      if (source === FrameSource.socket || source === FrameSource.snapshot) {
        count.frames++
        count.bytes += payload.length
        if (!kept) count.dropped++
      }
      local.signals({ resync: (number, reason) => Queue.offerUnsafe(resyncs, [number, reason]) })
      return kept
    }
    const sink = FrameSink.of({ offer, tick: () => offer(FrameSource.clock, 0, 0, -1, new Uint8Array(0)), counts, fill: () => 0 })
    const feed = Context.get(
      yield* MarketFeed.layer({ venues: venuesOf(instruments).map((venue) => venueOf(config, venue)) }).pipe(
        Layer.provide([Instruments.layer({ instruments, spares: 0 }), Layer.succeed(FrameSink, sink)]),
        Layer.build
      ),
      MarketFeed
    )
    yield* supervisor.supervise(
      "resyncs",
      Queue.take(resyncs).pipe(
        Effect.flatMap(([number, reason]) => feed.resync(number, reason)),
        Effect.forever
      )
    )
    const lastWords = Effect.gen(function* () {
      const { bytesWritten, dropped } = yield* journal.stats
      const venues = sourceIds.flatMap((id, number) => (counts[number]!.frames > 0 ? [`${id} ${counts[number]!.frames}`] : []))
      const frames = counts.reduce((total, count) => total + count.frames, 0)
      yield* Console.log(
        frames === 0
          ? `no venue has sent anything: ${options.directory} tells of connections alone`
          : `recorded ${frames} frames (${dropped} dropped) into ${options.directory}: ${venues.join(", ")}; ${bytesWritten} bytes written`
      )
    })
    yield* Effect.addFinalizer(() => journal.flush.pipe(Effect.ignore, Effect.andThen(lastWords)))
    yield* Effect.logInfo("recording", { directory: options.directory, instruments: instruments.length })
    const stop = Option.match(options.seconds, { onNone: () => Effect.never, onSome: (seconds) => Effect.sleep(seconds * 1000) })
    return yield* Effect.raceFirst(supervisor.escalation, stop)
  })
  return yield* record.pipe(Effect.scoped, Effect.provide(layer), Effect.asVoid)
})
