/**
 * `evenkeel doctor`: is everything that the engine needs in order, and what to do where it is not?
 */
import { chains } from "@evenkeel/connectors/chain/Chains"
import { sourceName } from "@evenkeel/connectors/chain/ChainSource"
import { decoders } from "@evenkeel/connectors/exchange/Decoders"
import { type Endpoints, type Exchange, messageIn } from "@evenkeel/connectors/exchange/Exchange"
import { fetchFeed } from "@evenkeel/connectors/news/FetchFeed"
import { readDocument } from "@evenkeel/connectors/news/NewsDocument"
import { makeRest, type Rest } from "@evenkeel/connectors/transport/Rest"
import { openSocket } from "@evenkeel/connectors/transport/Socket"
import { OrderBook } from "@evenkeel/detection/book/OrderBook"
import { FrameOutcome } from "@evenkeel/domain/market/FrameDecoder"
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { MarketRecord } from "@evenkeel/domain/market/MarketRecord"
import { SymbolTable } from "@evenkeel/domain/market/SymbolTable"
import { type VenueId, venueIds } from "@evenkeel/domain/market/Venue"
import { defaultPolicies } from "@evenkeel/runtime/resilience/Policy"
import { shownAddress } from "@evenkeel/runtime/telemetry/HiddenAddress"
import { plainText } from "@evenkeel/runtime/telemetry/PlainText"
import { databaseProblem } from "@evenkeel/store/database/DatabaseProblem"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { Clock, Console, Effect, Exit, FileSystem, Layer, Redacted, Result } from "effect"
import { HttpClient } from "effect/http"
import type { EngineConfig } from "../config/EngineConfig.ts"
import { databaseBeside, venueOf, venuesOf } from "../engine/EngineSetup.ts"
import { engineAnswers } from "./AskEngine.ts"
import { portAdvice, tryPort } from "../engine/HttpPort.ts"
import { layerOutsideClient } from "../engine/OutsideClient.ts"
import { findInstruments, layerAsking } from "../mode/Live.ts"

interface Finding {
  readonly what: string
  readonly good: boolean
  readonly detail: string
  /** What to do about it. */
  readonly advice?: string
}

const timeout = "5 seconds"
const clockOffsetMillisMax = 2000
/** Books that are asked for by REST where they begin so. */
const booksMax = 5
/** Tenths of a second that a socket is listened to, if not everybody has spoken before. */
const listenTurns = 50

/** Checks everything; true when all is well. */
export const runDoctor = Effect.fn("runDoctor")(function* (config: EngineConfig) {
  const findings = [yield* checkDirectory(config), yield* checkDatabase(config), yield* checkPort(config), ...(yield* outside(config))]
  for (const { advice, detail, good, what } of findings) {
    yield* Console.log(
      `${good ? "ok  " : "FAIL"}  ${plainText(`${what}: ${detail}`)}${good || advice === undefined ? "" : `\n      ${advice}`}`
    )
  }
  return findings.every(({ good }) => good)
})

/** Everything beyond this machine: venues by what is configured and found on them, then chains and news feeds. */
const outside = Effect.fnUntraced(function* (config: EngineConfig) {
  const instruments = yield* findInstruments(config)
  const venues = new Set([...venuesOf(instruments), ...config.discovery.venues])
  const ofVenues = yield* Effect.forEach(
    venues,
    (venue) =>
      checkVenue(
        config,
        venue,
        instruments.filter((instrument) => instrument.venue === venue)
      ),
    { concurrency: venueIds.length }
  )
  const ofChains = yield* Effect.forEach(config.chains, checkChain, { concurrency: "unbounded" })
  const ofFeeds = yield* Effect.forEach(config.news.feeds, (feed) => checkFeed(config.news.allowPrivate, feed), { concurrency: 4 }).pipe(
    Effect.provide(layerOutsideClient(config.news))
  )
  return [...ofVenues.flat(), ...ofChains.flat(), ...ofFeeds]
}, Effect.provide(layerAsking))

const checkDirectory = Effect.fnUntraced(function* (config: EngineConfig) {
  const files = yield* FileSystem.FileSystem
  const probe = `${config.data}/.probe`
  const tried = yield* files
    .makeDirectory(config.data, { recursive: true })
    .pipe(Effect.andThen(files.writeFileString(probe, "")), Effect.andThen(files.remove(probe)), Effect.result)
  return {
    what: "data directory",
    good: Result.isSuccess(tried),
    detail: Result.isSuccess(tried) ? `${config.data} can be written` : tried.failure.message,
    advice: "make it writable, or name another with EVENKEEL_DATA"
  } satisfies Finding
})

const checkDatabase = Effect.fnUntraced(function* (config: EngineConfig) {
  const embedded = Redacted.value(config.database.url) === ""
  const database = databaseBeside(config)
  const tried = yield* Effect.exit(
    Effect.flatMap(EventStore, (events) => events.verify).pipe(
      Effect.provide(EventStore.layer.pipe(Layer.provide(database))),
      Effect.timeout("20 seconds")
    )
  )
  const name = embedded ? "embedded database" : "Postgres"
  return Exit.isSuccess(tried)
    ? ({ what: name, good: true, detail: `answers; ${tried.value} events, the hash chain holds` } satisfies Finding)
    : ({
        what: name,
        good: false,
        detail: String(
          tried.cause.reasons
            .map((reason) => ("error" in reason ? (reason.error instanceof Error ? databaseProblem(reason.error) : reason.error) : "died"))
            .join("; ")
        ),
        advice: embedded ? "look at the directory, and at who has it open" : "check EVENKEEL_DATABASE_URL and that the server runs"
      } satisfies Finding)
})

/** In use by an engine is as it should be: this looks at the configuration of one that runs. */
const checkPort = (config: EngineConfig) =>
  tryPort(config.http).pipe(
    Effect.as("is free"),
    Effect.catch((unavailable) =>
      Effect.flatMap(engineAnswers(config), (answers) => (answers ? Effect.succeed("an engine answers") : Effect.fail(unavailable)))
    ),
    Effect.match({
      onFailure: ({ problem }): Finding => ({ what: "HTTP port", good: false, detail: problem, advice: portAdvice }),
      onSuccess: (detail): Finding => ({ what: "HTTP port", good: true, detail: `${config.http.host}:${config.http.port}: ${detail}` })
    })
  )

/** Reachable, clock, limits, instruments, and what its socket says to a subscription. */
const checkVenue = Effect.fnUntraced(function* (config: EngineConfig, venue: VenueId, wanted: ReadonlyArray<Instrument>) {
  const { endpoints, exchange } = venueOf(config, venue)
  const rest = yield* makeRest(exchange, endpoints)
  const began = yield* Clock.currentTimeMillis
  const time = yield* rest.get(exchange.timePath).pipe(Effect.timeout(timeout), Effect.result)
  const took = (yield* Clock.currentTimeMillis) - began
  if (Result.isFailure(time)) {
    return [
      {
        what: venue,
        good: false,
        detail: `not reachable: ${time.failure.message}`,
        advice: `check that this machine may reach ${shownAddress(endpoints.rest)}, or name another with EVENKEEL_ENDPOINTS`
      }
    ] satisfies ReadonlyArray<Finding>
  }
  const theirs = exchange.decodeTime(time.success)
  const offset = theirs === undefined ? undefined : theirs - (began + took / 2)
  const listings = yield* rest.get(exchange.listingsPath).pipe(Effect.timeout("15 seconds"), Effect.result)
  const listed = Result.isSuccess(listings) ? exchange.decodeListings(listings.success) : undefined
  const trading = new Set(listed?.filter((listing) => listing.trading).map(({ symbol }) => symbol))
  const missing = wanted.filter(({ symbol }) => !trading.has(symbol))
  return [
    {
      what: venue,
      good: offset === undefined || Math.abs(offset) < clockOffsetMillisMax,
      detail: `reachable in ${took} ms, ${
        offset === undefined ? "its clock is not offered" : `its clock ${Math.round(offset)} ms from ours`
      }, limits: ${rest.limits() ?? `not told; ${exchange.restPerMinute} tokens a minute are used at most`}`,
      advice: "set this machine's clock (NTP)"
    },
    {
      what: `${venue} instruments`,
      good: listed !== undefined && missing.length === 0,
      detail:
        listed === undefined
          ? `its list of pairs ${Result.isFailure(listings) ? `cannot be had: ${listings.failure.message}` : "is in an unknown form"}`
          : missing.length === 0
            ? `${wanted.map(({ symbol }) => symbol).join(", ") || "none"} of ${listed.length} listed are wanted and trading`
            : `not listed or not trading: ${missing.map(({ symbol }) => symbol).join(", ")}`,
      advice: "take them out of EVENKEEL_INSTRUMENTS, or let EVENKEEL_DISCOVERY_VENUES find what is listed"
    },
    ...(wanted.length === 0 ? [] : [yield* checkSocket(venue, exchange, endpoints, rest, wanted)])
  ] satisfies ReadonlyArray<Finding>
})

/** Subscribes as the connector does, on one connection, and listens for a moment. */
const checkSocket = Effect.fnUntraced(function* (
  venue: VenueId,
  exchange: Exchange,
  endpoints: Endpoints,
  rest: Rest,
  wanted: ReadonlyArray<Instrument>
) {
  const carried = wanted.slice(0, exchange.instrumentsPerConnection)
  const connections = Math.ceil(wanted.length / exchange.instrumentsPerConnection)
  const spoke = new Set<number>()
  const refused: Array<string> = []
  const record = new MarketRecord()
  const books = new OrderBook()
  const decoder = decoders[venue](new SymbolTable(carried.map(({ symbol }, number) => [symbol, number] as const)), record, {
    accept: () => void spoke.add(record.integers[1]!),
    book: () => books
  })
  const what = `${venue} socket`
  const listen = Effect.gen(function* () {
    const { handshake } = exchange
    const url =
      handshake === undefined ? endpoints.socket + exchange.socketPath(carried) : handshake.socketUrl(yield* rest.post(handshake.path))
    const began = yield* Clock.currentTimeMillis
    const socket = yield* openSocket(
      url ?? endpoints.socket,
      (frame) => {
        const message = messageIn(exchange, frame)
        if (decoder.decode(message, 0, message.length) === FrameOutcome.refused)
          refused.push(Buffer.from(message.subarray(0, 200)).toString())
      },
      () => {}
    )
    const took = (yield* Clock.currentTimeMillis) - began
    for (const message of exchange.subscribe(carried)) yield* socket.send(message)
    if (exchange.resync._tag === "Snapshot") {
      for (const [number, { symbol }] of carried.slice(0, booksMax).entries()) {
        const body = yield* rest.book(symbol)
        decoder.snapshot(number, body, 0, body.length)
      }
    }
    for (let turn = 0; turn < listenTurns && spoke.size < carried.length; turn++) yield* Effect.sleep("100 millis")
    return took
  }).pipe(Effect.scoped, Effect.timeout("20 seconds"), Effect.result)
  const heard = yield* listen
  if (Result.isFailure(heard))
    return {
      what,
      good: false,
      detail: heard.failure.message,
      advice: `check that this machine may reach ${endpoints.socket}`
    } satisfies Finding
  return {
    what,
    good: refused.length === 0,
    detail:
      refused.length > 0
        ? `refused: ${refused[0]}`
        : `open in ${heard.success} ms; ${wanted.length} pairs are subscribed over ${connections} ${connections === 1 ? "connection" : "connections"}, ${spoke.size} of ${carried.length} on the first spoke within ${listenTurns / 10} s`,
    advice: "the venue does not accept the subscription: look at the symbols"
  } satisfies Finding
})

/** Each endpoint by itself, and each source once. */
const checkChain = Effect.fnUntraced(function* ({ chain: id, endpoints, sources }: EngineConfig["chains"][number]) {
  const findings: Array<Finding> = []
  for (const [index, endpoint] of endpoints.entries()) {
    const what = `${id} endpoint ${index + 1}, ${new URL(Redacted.value(endpoint.url)).host}`
    const chain = yield* chains[id]([endpoint])
    const began = yield* Clock.currentTimeMillis
    const head = yield* chain.head.pipe(Effect.timeout(timeout), Effect.result)
    const took = (yield* Clock.currentTimeMillis) - began
    if (Result.isFailure(head)) {
      findings.push({
        what,
        good: false,
        detail: `not reachable: ${head.failure.message}`,
        advice: "name another endpoint, or check its key and its limits"
      })
      continue
    }
    const age = began + took - head.success.time
    findings.push({
      what,
      good: age < Math.max(60_000, chain.blockMillis * 10),
      detail: `reachable in ${took} ms, head ${head.success.number} is ${Math.round(age / 1000)} s old; heads are ${
        chain.subscribe === undefined ? "polled" : "subscribed to"
      }; at most ${defaultPolicies.rpc.rate?.limit} calls a minute`,
      advice: "the node is behind its chain, or this machine's clock is wrong"
    })
  }
  const chain = yield* chains[id](endpoints)
  const head = yield* chain.head.pipe(Effect.timeout(timeout), Effect.result)
  if (Result.isFailure(head)) return findings
  for (const source of sources) {
    const read = yield* chain.read(source, head.success, head.success.number).pipe(Effect.timeout("15 seconds"), Effect.result)
    findings.push({
      what: `${id} ${sourceName(source)}`,
      good: Result.isSuccess(read),
      detail: Result.isSuccess(read) ? JSON.stringify(read.success) : read.failure.message,
      advice: "check the address, the chain and the tokens' order"
    })
  }
  return findings
})

const checkFeed = Effect.fnUntraced(function* (allowPrivate: boolean, { name, url }: EngineConfig["news"]["feeds"][number]) {
  const client = HttpClient.withScope(yield* HttpClient.HttpClient)
  const began = yield* Clock.currentTimeMillis
  const validators = { etag: undefined, modified: undefined }
  const read = yield* fetchFeed(client, { feed: name, address: Redacted.value(url), validators, allowPrivate }).pipe(
    Effect.scoped,
    Effect.map((document) => (document === undefined ? Result.succeed([]) : readDocument(document.bytes, document.contentType))),
    Effect.flatMap(Effect.fromResult),
    Effect.timeout("20 seconds"),
    Effect.result
  )
  const took = (yield* Clock.currentTimeMillis) - began
  return {
    what: `news ${name}, ${shownAddress(Redacted.value(url))}`,
    good: Result.isSuccess(read),
    detail: Result.isSuccess(read) ? `read in ${took} ms, ${read.success.length} entries` : read.failure.message,
    advice: "check the address; a feed in a private network needs EVENKEEL_NEWS_ALLOW_PRIVATE=true"
  } satisfies Finding
})
