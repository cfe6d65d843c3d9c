/**
 * A venue without a network: a venue's real protocol over sockets in memory, on simulated time, with what can go wrong between two machines.
 *
 * Frames take a while, and stay in order unless the fault is that they do not. A connection can be cut, or left half open: nobody is told,
 * and nothing comes any more.
 */
import { exchanges } from "@evenkeel/connectors/exchange/Exchanges"
import { type openSocket, SocketClosed, Sockets } from "@evenkeel/connectors/transport/Socket"
import { type Dialect, type Session, stepMarket } from "@evenkeel/connectors/simulated/dialect/Dialect"
import { dialects } from "@evenkeel/connectors/simulated/dialect/Dialects"
import { Faults, noFaults } from "@evenkeel/connectors/simulated/Faults"
import { SimulatedInstrument } from "@evenkeel/connectors/simulated/Market"
import type { Scenario } from "@evenkeel/connectors/simulated/Scenario"
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import type { VenueId } from "@evenkeel/domain/market/Venue"
import { Deferred, Effect, Layer } from "effect"
import { HttpClient, HttpClientError, HttpClientResponse } from "effect/http"
import type { SimulatedTime } from "../time/SimulatedTime.ts"

const stepMillis = 500
const heartbeatMillis = 1000
const usualDelayMillis = 20
/** A connection that nobody accepts is given up by the system after so long. */
const connectMillisMax = 5000

/** The best prices that an instrument had since a moment. */
export interface Quoted {
  readonly since: number
  readonly bid: number
  readonly ask: number
}

interface Line {
  readonly session: Session
  halfOpen: boolean
  readonly close: (code: number) => void
  readonly ping: () => void
}

export class OfflineVenue {
  readonly id: VenueId
  readonly exchange
  readonly endpoints
  readonly instruments: ReadonlyMap<string, SimulatedInstrument>
  readonly faults: Faults
  /** By symbol, oldest first. */
  readonly quoted = new Map<string, Array<Quoted>>()
  /** How long a frame is on its way, ms. */
  delayMillis = usualDelayMillis
  /** While true nothing is sent, signs of life included. */
  mute = false
  /** While true connections are refused. */
  refusing = false
  /** While true connections are neither accepted nor refused. */
  unreachable = false
  /** Status of REST answers, 200 when undefined. */
  restStatus: number | undefined
  /** While true every checksum is wrong. */
  badChecksums = false
  readonly #time: SimulatedTime
  readonly #dialect: Dialect
  readonly #market
  readonly #lines = new Set<Line>()

  constructor(
    time: SimulatedTime,
    options: { readonly id: VenueId; readonly pairs: ReadonlyArray<Instrument>; readonly scenario: Scenario; readonly seed: number }
  ) {
    const { id, pairs, scenario, seed } = options
    this.#time = time
    this.id = id
    this.exchange = exchanges[id]
    this.endpoints = { socket: `ws://${id}.simulated`, rest: `http://${id}.simulated` }
    this.#dialect = dialects[id]
    this.faults = new Faults(seed)
    this.instruments = new Map(pairs.map((pair, index) => [pair.symbol, new SimulatedInstrument(pair, scenario, seed * 1000 + index)]))
    const isChecksumBad = () => this.badChecksums
    this.#market = {
      instruments: this.instruments,
      now: time.trueNow,
      get badChecksums() {
        return isChecksumBad()
      }
    }
    for (const [symbol, instrument] of this.instruments) {
      instrument.step(time.trueNow())
      this.quoted.set(symbol, [{ since: time.elapsed, ...instrument.best() }])
    }
    const step = () => {
      this.#step()
      time.after(stepMillis, step)
    }
    time.after(stepMillis, step)
    const beat = () => {
      for (const { ping, session } of this.#lines) {
        this.#dialect.heartbeat(session, this.#market)
        ping()
      }
      time.after(heartbeatMillis, beat)
    }
    time.after(heartbeatMillis, beat)
  }

  /** Neither sockets nor REST say anything. */
  get carriesNothing(): boolean {
    return this.mute || this.unreachable
  }

  /** Without faults. */
  heal(): void {
    Object.assign(this, {
      mute: false,
      refusing: false,
      unreachable: false,
      restStatus: undefined,
      badChecksums: false,
      delayMillis: usualDelayMillis
    })
    this.faults.rates = noFaults
    this.faults.release()
  }

  /** Sends a message to every connection, outside of the protocol. */
  broadcast(message: string): void {
    for (const { session } of this.#lines) session.send(message)
  }

  /** Ends every connection. */
  disconnect(): void {
    for (const { close } of this.#lines) close(1001)
  }

  /** From now on the connections of this moment carry nothing, and nobody is told. */
  halfOpen(): void {
    for (const line of this.#lines) line.halfOpen = true
  }

  #step(): void {
    stepMarket(
      this.#dialect,
      this.#market,
      [...this.#lines].map(({ session }) => session)
    )
    for (const [symbol, instrument] of this.instruments) {
      const { ask, bid } = instrument.best()
      const known = this.quoted.get(symbol)!
      const last = known.at(-1)!
      if (last.bid !== bid || last.ask !== ask) known.push({ since: this.#time.elapsed, bid, ask })
    }
  }

  /** A connection of somebody's, whose frames come only while `isAlive`. */
  readonly open = (
    url: string,
    onFrame: (bytes: Uint8Array) => void,
    onSign: () => void,
    isAlive: () => boolean
  ): ReturnType<typeof openSocket> =>
    Effect.gen({ self: this }, function* () {
      if (this.unreachable) yield* Effect.sleep(connectMillisMax)
      if (this.refusing || this.unreachable) return yield* new SocketClosed({ url, code: 0, reason: "connection refused" })
      const closed = yield* Deferred.make<never, SocketClosed>()
      const time = this.#time
      let isOpen = true
      let busyUntil = 0
      /** Frames that were sent later never overtake. */
      const later = (deliver: () => void) => {
        busyUntil = Math.max(busyUntil, time.elapsed + this.delayMillis)
        time.after(busyUntil - time.elapsed, () => {
          if (isOpen && !line.halfOpen && isAlive()) deliver()
        })
      }
      const end = (code: number) => {
        if (!isOpen) return
        isOpen = false
        faulty.end()
        this.#lines.delete(line)
        if (!line.halfOpen) Deferred.doneUnsafe(closed, Effect.fail(new SocketClosed({ url, code, reason: "closed by the venue" })))
      }
      const faulty = this.faults.line(
        (frame) => later(() => onFrame(typeof frame === "string" ? Buffer.from(frame) : Uint8Array.from(frame))),
        () => end(1006)
      )
      const session: Session = {
        topics: new Set(),
        sequence: 0,
        counters: new Map(),
        send: (message) => {
          if (!this.mute && isOpen) faulty.give(message)
        },
        close: end
      }
      const line: Line = {
        session,
        halfOpen: false,
        close: end,
        ping: () => {
          if (!this.mute) later(onSign)
        }
      }
      yield* Effect.acquireRelease(
        Effect.sync(() => {
          this.#lines.add(line)
          this.#dialect.opened(session, url.slice(this.endpoints.socket.length) || "/", this.#market)
        }),
        () =>
          Effect.sync(() => {
            isOpen = false
            faulty.end()
            this.#lines.delete(line)
          })
      )
      return {
        send: (message: string) =>
          Effect.sync(() => {
            if (isOpen && !line.halfOpen && isAlive()) this.#dialect.received(session, message, this.#market)
          }),
        closed: Deferred.await(closed)
      }
    })

  /** The venue's answer to a REST call. */
  answer(url: URL): Response {
    const body = this.#dialect.get(url, this.#market)
    const status = this.restStatus ?? (body === undefined ? 404 : 200)
    return new Response(status !== 200 ? '{"code":-1,"msg":"refused"}' : typeof body === "string" ? body : JSON.stringify(body), { status })
  }
}

/** Sockets and HTTP of a machine that reaches these venues, for as long as it is alive. */
export const layerOfflineNetwork = (venues: ReadonlyMap<string, OfflineVenue>, isAlive: () => boolean) => {
  const venueAt = (host: string) => venues.get(host.replace(/\.simulated$/, ""))
  const open: typeof openSocket = (url, onFrame, onSign) => {
    const venue = isAlive() ? venueAt(new URL(url).host) : undefined
    return venue === undefined
      ? Effect.fail(new SocketClosed({ url, code: 0, reason: "no route to host" }))
      : venue.open(url, onFrame, onSign, isAlive)
  }
  const http = HttpClient.make((request, url) =>
    Effect.gen(function* () {
      const venue = isAlive() ? venueAt(url.host) : undefined
      if (venue === undefined || venue.unreachable || venue.mute) {
        yield* Effect.sleep(connectMillisMax)
        const reason = new HttpClientError.TransportError({ request, description: "no route to host" })
        return yield* new HttpClientError.HttpClientError({ reason })
      }
      yield* Effect.sleep(venue.delayMillis)
      return HttpClientResponse.fromWeb(request, venue.answer(url))
    })
  )
  return Layer.merge(Layer.succeed(Sockets, { open }), Layer.succeed(HttpClient.HttpClient, http))
}
