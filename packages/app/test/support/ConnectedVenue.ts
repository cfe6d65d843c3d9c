/**
 * A simulated venue, the real connector on real sockets, and the hot path at the other end of it.
 *
 * Tests wait for events: `until` looks again whenever a frame arrives (clock ticks included) or a component reports on its health.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { decoders } from "@evenkeel/connectors/exchange/Decoders"
import { exchanges } from "@evenkeel/connectors/exchange/Exchanges"
import type { Venue } from "@evenkeel/connectors/exchange/Venues"
import type { Dialect } from "@evenkeel/connectors/simulated/dialect/Dialect"
import { dialects } from "@evenkeel/connectors/simulated/dialect/Dialects"
import { symbolOf } from "@evenkeel/connectors/simulated/Symbols"
import { scenarios } from "@evenkeel/connectors/simulated/Scenario"
import { makeSimulatedVenue } from "@evenkeel/connectors/simulated/SimulatedVenue"
import { makeConnector } from "@evenkeel/connectors/transport/Connector"
import { FrameSink } from "@evenkeel/connectors/transport/FrameSink"
import { LocalHotPath } from "@evenkeel/detection/host/LocalHotPath"
import { instrumentState, stateFields } from "@evenkeel/detection/hotpath/SignalRecord"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import type { VenueId } from "@evenkeel/domain/market/Venue"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { defaultPolicies } from "@evenkeel/runtime/resilience/Policy"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { Clock, Effect, Layer, Queue } from "effect"

/** A venue with everything that the conformance suite needs of it. */
export interface ConformingVenue {
  readonly venue: Pick<Venue, "exchange" | "decoder">
  /** The venue's side of its protocol. */
  readonly dialect: Dialect
  /** As the venue writes a pair. */
  readonly symbolOf: (base: string, quote: string) => string
}

/** A venue of the list, or another exchange of it, with its simulated side. */
export const builtIn = (id: VenueId, exchange = exchanges[id]): ConformingVenue => ({
  venue: { exchange, decoder: decoders[id] },
  dialect: dialects[id],
  symbolOf: symbolOf[id]
})

export const conformanceLayer = Supervisor.layer.pipe(
  Layer.provideMerge(
    Policies.layer({
      rest: {
        ...defaultPolicies.rest,
        rate: { limit: 1e6, window: "1 minute" },
        retry: { times: 1, base: "20 millis", max: "50 millis" },
        breaker: { failures: 5, openFor: "500 millis", successes: 1 }
      },
      connect: { ...defaultPolicies.connect, breaker: { failures: 2, openFor: "1 second", successes: 1 } }
    })
  ),
  Layer.provideMerge(HealthRegistry.layer),
  Layer.provideMerge(Layer.merge(NodeServices.layer, NodeHttpClient.layerUndici))
)

const pairs = [
  ["USDC", "USDT"],
  ["DAI", "USDT"],
  ["FDUSD", "USDC"]
] as const
export const coins = ["USDT", "USDC", "DAI", "FDUSD"].flatMap((symbol) => coinOf(symbol) ?? [])

export const instrumentsOf = ({ symbolOf, venue }: ConformingVenue) =>
  pairs.map(([base, quote]) => ({ venue: venue.exchange.id, symbol: symbolOf(base, quote), base, quote }))

export const localHotPath = (subject: ConformingVenue) =>
  new LocalHotPath({
    coins,
    instruments: instrumentsOf(subject),
    venues: [{ id: subject.venue.exchange.id, decoder: subject.venue.decoder }],
    barMillis: 60_000,
    scoreGapMillis: Number.POSITIVE_INFINITY
  })

/** Between two clock ticks. */
const tickEvery = "50 millis"
/** Market time passes this much faster than time. */
const speed = 50

export const connect = Effect.fnUntraced(function* (
  subject: ConformingVenue,
  options: { readonly skewMillis?: number; readonly idPrefix?: string } = {}
) {
  const { exchange } = subject.venue
  const scenario = scenarios.calm()
  const began = performance.now()
  const clock = () => scenario.startsAt + (performance.now() - began) * speed
  const own = instrumentsOf(subject)
  const venue = yield* makeSimulatedVenue({
    venue: exchange.id,
    dialect: subject.dialect,
    instruments: own,
    scenario,
    seed: 3,
    clock: () => clock() + (options.skewMillis ?? 0),
    stepMillis: 15,
    ...(options.idPrefix === undefined ? {} : { idPrefix: options.idPrefix })
  })
  const local = localHotPath(subject)
  const row = new Float64Array(stateFields)
  const bookState = (instrument: number) => (local.state.read(coins.length + instrument, row) ? row[instrumentState.book] : 0)
  const resyncs = yield* Queue.sliding<readonly [number, string]>(64)
  const seen = {
    resyncs: [] as Array<string>,
    refusals: [] as Array<number>,
    /** What components reported of their health. */
    reports: [] as Array<string>,
    frames: 0,
    ends: 0,
    staleAtEnd: true
  }

  const listeners = new Set<() => void>()
  const notify = () => {
    for (const listener of listeners) listener()
  }
  const offer: FrameSink["Service"]["offer"] = (source, _venue, connection, instrument, payload) => {
    seen.frames++
    local.feed({ source, venue: 0, connection, instrument, received: clock(), payload })
    if (source === FrameSource.disconnected) {
      seen.ends++
      seen.staleAtEnd &&= own.every((_, number) => bookState(number) !== 1)
    }
    local.signals({
      resync: (number, reason) => {
        seen.resyncs.push(reason)
        Queue.offerUnsafe(resyncs, [number, reason])
      },
      refusal: (outcome) => seen.refusals.push(outcome)
    })
    notify()
    return true
  }
  const sink = FrameSink.of({ offer, tick: () => offer(FrameSource.clock, 0, 0, -1, new Uint8Array(0)), counts: [], fill: () => 0 })
  const health = yield* HealthRegistry
  const reporting = HealthRegistry.of({
    ...health,
    report: (component, status, detail = "") => {
      seen.reports.push(detail)
      return Effect.andThen(health.report(component, status, detail), Effect.sync(notify))
    }
  })
  const connector = yield* makeConnector({ exchange, endpoints: venue.endpoints, instruments: own }).pipe(
    Effect.provideService(FrameSink, sink),
    Effect.provideService(HealthRegistry, reporting)
  )
  yield* Queue.take(resyncs).pipe(
    Effect.flatMap(([number, reason]) => connector.resync(number, reason)),
    Effect.forever,
    Effect.forkScoped
  )
  yield* Effect.sync(sink.tick).pipe(Effect.andThen(Effect.sleep(tickEvery)), Effect.forever, Effect.forkScoped)

  /** Waits until something is true; fails when it has not become so within `seconds`. */
  const until = (what: string, test: () => boolean, seconds = 30): Effect.Effect<void> =>
    Effect.callback<void>((resume) => {
      const listener = () => {
        if (!test()) return
        listeners.delete(listener)
        resume(Effect.void)
      }
      listeners.add(listener)
      listener()
      return Effect.sync(() => listeners.delete(listener))
    }).pipe(
      Effect.timeoutOrElse({
        duration: `${seconds} seconds`,
        orElse: () => {
          const books = own.map((_, number) => `${bookState(number)} ${equal(number)} ${local.hotPath.book(number).count(0)}`)
          return Effect.die(
            new Error(`not within ${seconds} s: ${what}; books ${books.join(", ")}; resyncs ${JSON.stringify(seen.resyncs)}`)
          )
        }
      })
    )

  const equal = (instrument: number) => {
    const book = local.hotPath.book(instrument)
    return ([0, 1] as const).every((side) => {
      const levels = venue.instruments.get(own[instrument]!.symbol)!.levels(side)
      return (
        levels.length === book.count(side) &&
        levels.every(([price, quantity], depth) => book.price(side, depth) === price && book.quantity(side, depth) === quantity)
      )
    })
  }
  const right = () => own.every((_, instrument) => bookState(instrument) === 1 && equal(instrument))
  return {
    venue,
    seen,
    own,
    until,
    bookState,
    right,
    /** Stops the market until every book is the venue's. */
    booksAreRight: Effect.gen(function* () {
      venue.pause = true
      yield* until("every book is the venue's", right)
      venue.pause = false
    }),
    /** Lets the market go on long enough that each book changes several times. */
    marketMoves: Effect.suspend(() => {
      const { steps } = venue
      return until("the market moves", () => venue.steps > steps + 20)
    }),
    /** Waits for a component's report of its health that was made after this. */
    reported: (what: string) =>
      Effect.suspend(() => {
        const from = seen.reports.length
        return until(`a component reports: ${what}`, () => seen.reports.slice(from).some((detail) => detail.includes(what)))
      }),
    now: Clock.currentTimeMillis
  }
})
