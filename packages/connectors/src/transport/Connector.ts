/**
 * Keeps the connections to one venue: deals the venue's instruments to connections, and routes requests for new books to them.
 *
 * The same code runs every venue; what differs stands in its `Exchange`. Each connection is a supervised fiber that never gives up
 * (`ConnectionLoop.ts`).
 */
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import type { Policies } from "@evenkeel/runtime/resilience/Policies"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { Metrics } from "@evenkeel/runtime/telemetry/Metrics"
import { Effect, Metric, Queue, type Scope } from "effect"
import type { Endpoints, Exchange } from "../exchange/Exchange.ts"
import type { Numbered } from "../feed/Instruments.ts"
import { ByteBudget } from "./ByteBudget.ts"
import type { Connection } from "./Connection.ts"
import { keepConnected } from "./ConnectionLoop.ts"
import type { FrameSink } from "./FrameSink.ts"
import { makeRest, type Rest } from "./Rest.ts"
import { Venues } from "../exchange/Venues.ts"

export interface ConnectorOptions {
  readonly exchange: Exchange
  readonly endpoints: Endpoints
  /** All of the engine's instruments; the connector serves its venue's. Positions are instrument numbers. */
  readonly instruments: ReadonlyArray<Instrument>
}

export interface Connector {
  readonly exchange: Exchange
  /** The venue's REST calls: all that use it share the venue's rate, its breaker and its pauses. */
  readonly rest: Rest
  /** Asks for an instrument's book to be built anew. Does nothing for an instrument that the connector does not carry. */
  readonly resync: (instrument: number, reason: string) => Effect.Effect<void>
  /** Carries instruments that were listed meanwhile, on connections of their own, or whose pairs were all delisted. Those for which no connection is left are logged. */
  readonly add: (instruments: ReadonlyArray<Numbered>) => Effect.Effect<void>
  /** Carries an instrument no more: its next connection does not ask for it. */
  readonly remove: (number: number) => void
  /** What is carried, by symbol, connection by connection. */
  readonly carried: () => ReadonlyArray<ReadonlyArray<string>>
  /** Connections whose socket is open now. */
  readonly open: () => number
}

/** Connections to one venue; instruments that find no place on them, the last ones, are left out until the next start, and said. */
export const connectionsMax = 64
/** Requests for books that wait on a connection. The oldest makes room: the hot path asks again for a book that stays stale. */
const resyncsMax = 1024

export const makeConnector = Effect.fnUntraced(function* ({ endpoints, exchange, instruments }: ConnectorOptions) {
  const supervisor = yield* Supervisor
  const health = yield* HealthRegistry
  const rest = yield* makeRest(exchange, endpoints)
  const budget = new ByteBudget()
  const venue = (yield* Venues).wireNumber(exchange.id)
  const connections: Array<Connection & { readonly carried: Array<Numbered> }> = []
  // Connections that are added later live as long as the first ones.
  const context = yield* Effect.context<FrameSink | Policies | HealthRegistry | Scope.Scope>()

  const connect = Effect.fnUntraced(function* (carried: Array<Numbered>) {
    const resyncs = yield* Queue.sliding<number>(resyncsMax)
    const component = `${exchange.id}#${connections.length}`
    const shared = { exchange, endpoints, rest, budget, venue }
    const connection = { ...shared, connection: connections.length, carried, resyncs, component, open: false, parked: false }
    connections.push(connection)
    yield* health.report(component, "starting")
    yield* supervisor.supervise(component, keepConnected(connection))
  })

  let withoutConnection = 0
  const add = Effect.fnUntraced(function* (added: ReadonlyArray<Numbered>) {
    for (let from = 0; from < added.length; from += exchange.instrumentsPerConnection) {
      const part = added.slice(from, from + exchange.instrumentsPerConnection)
      const parked = connections.find((connection) => connection.parked && connection.carried.length === 0)
      if (parked !== undefined) {
        parked.carried.push(...part)
        yield* Queue.offer(parked.resyncs, part[0]!.number)
        continue
      }
      if (connections.length === connectionsMax) {
        const symbols = added.slice(from).map(({ instrument }) => instrument.symbol)
        withoutConnection += symbols.length
        const detail = `${withoutConnection} pairs are not subscribed to: the venue has no more than ${connectionsMax} connections`
        yield* health.report(`connections:${exchange.id}`, "degraded", detail)
        return yield* Effect.logWarning("pairs are not subscribed to: the venue has no connection left", { venue: exchange.id, symbols })
      }
      yield* connect(part)
    }
  }, Effect.provideContext(context))

  yield* add(instruments.flatMap((instrument, number) => (instrument.venue === exchange.id ? [{ instrument, number }] : [])))
  const snapshots = Metric.withAttributes(Metrics.snapshots, { venue: exchange.id })
  const carries = (number: number) => (connection: Connection) => connection.carried.some((candidate) => candidate.number === number)
  return {
    exchange,
    rest,
    resync: (number, reason) => {
      const connection = connections.find(carries(number))
      return connection === undefined
        ? Effect.void
        : Queue.offer(connection.resyncs, number).pipe(Effect.andThen(Metric.update(Metric.withAttributes(snapshots, { reason }), 1)))
    },
    add,
    remove: (number) => {
      for (const { carried } of connections) {
        const at = carried.findIndex((candidate) => candidate.number === number)
        if (at >= 0) carried.splice(at, 1)
      }
    },
    carried: () => connections.map(({ carried }) => carried.map(({ instrument }) => instrument.symbol)),
    open: () => connections.filter(({ open }) => open).length
  } satisfies Connector as Connector
})
