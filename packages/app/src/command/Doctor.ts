/**
 * `evenkeel doctor`: is everything that the engine needs in order, and what to do where it is not?
 */
import { NodeHttpClient } from "@effect/platform-node"
import { venueIds } from "@evenkeel/domain/market/Venue"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { Clock, Console, Effect, Exit, FileSystem, Layer, Redacted, Result } from "effect"
import { HttpClient } from "effect/http"
import { createServer } from "node:net"
import type { EngineConfig } from "../config/EngineConfig.ts"
import { databaseOf, exchangeOf, instrumentsOf, venuesOf } from "../engine/EngineSetup.ts"

interface Finding {
  readonly what: string
  readonly good: boolean
  readonly detail: string
  /** What to do about it. */
  readonly advice?: string
}

const timeout = "5 seconds"

/** Checks everything; true when all is well. */
export const runDoctor = Effect.fn("runDoctor")(function* (config: EngineConfig) {
  const findings = [
    yield* checkDirectory(config),
    yield* checkDatabase(config),
    yield* checkPort(config),
    ...(yield* Effect.forEach(venuesOf(instrumentsOf(config)), (venue) => checkVenue(config, venue), {
      concurrency: venueIds.length
    })).flat()
  ]
  for (const { advice, detail, good, what } of findings) {
    yield* Console.log(`${good ? "ok  " : "FAIL"}  ${what}: ${detail}${good || advice === undefined ? "" : `\n      ${advice}`}`)
  }
  return findings.every(({ good }) => good)
})

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
  const database = databaseOf(config)
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
            .map((reason) => ("error" in reason ? (reason.error instanceof Error ? reason.error.message : reason.error) : "died"))
            .join("; ")
        ),
        advice: embedded
          ? "if an engine is running it holds the database; otherwise look at the directory"
          : "check EVENKEEL_DATABASE_URL and that the server runs"
      } satisfies Finding)
})

const checkPort = (config: EngineConfig) =>
  Effect.callback<Finding>((resume) => {
    const { host, port } = config.http
    const what = "HTTP port"
    const server = createServer()
    server.once("error", (error) =>
      resume(
        Effect.succeed({
          what,
          good: false,
          detail: error.message,
          advice: "stop what listens there, or choose another with EVENKEEL_HTTP_PORT"
        })
      )
    )
    server.listen(port, host, () => server.close(() => resume(Effect.succeed({ what, good: true, detail: `${host}:${port} is free` }))))
  })

const checkVenue = Effect.fnUntraced(function* (config: EngineConfig, venue: (typeof venueIds)[number]) {
  const client = yield* HttpClient.HttpClient
  const exchange = exchangeOf(config, venue)
  const get = (path: string) =>
    Effect.gen(function* () {
      const response = yield* client.get(exchange.endpoints.rest + path)
      return yield* response.json
    }).pipe(Effect.timeout(timeout), Effect.result)
  const began = yield* Clock.currentTimeMillis
  const time = yield* get(exchange.timePath)
  const took = (yield* Clock.currentTimeMillis) - began
  const theirs = Result.isSuccess(time) ? exchange.decodeTime(time.success) : undefined
  if (theirs === undefined) {
    const detail = Result.isFailure(time) ? time.failure.message : "answers in an unknown form"
    return [
      {
        what: venue,
        good: false,
        detail: `not reachable: ${detail}`,
        advice: `check that this machine may reach ${exchange.endpoints.rest}`
      }
    ] satisfies ReadonlyArray<Finding>
  }
  const offset = theirs - (began + took / 2)
  const listings = yield* get(exchange.listingsPath)
  const listed = Result.isSuccess(listings) ? exchange.decodeListings(listings.success) : undefined
  const wanted = instrumentsOf(config).filter((instrument) => instrument.venue === venue)
  const missing = wanted.filter(({ symbol }) => listed?.some((listing) => listing.symbol === symbol && listing.trading) !== true)
  return [
    {
      what: venue,
      good: Math.abs(offset) < 2000,
      detail: `reachable in ${took} ms, its clock ${Math.round(offset)} ms from ours`,
      advice: "set this machine's clock (NTP)"
    },
    {
      what: `${venue} instruments`,
      good: missing.length === 0,
      detail:
        missing.length === 0
          ? `${wanted.map(({ symbol }) => symbol).join(", ")} are listed and trading`
          : `not listed or not trading: ${missing.map(({ symbol }) => symbol).join(", ")}`,
      advice: "take them out of EVENKEEL_INSTRUMENTS"
    }
  ] satisfies ReadonlyArray<Finding>
}, Effect.provide(NodeHttpClient.layerUndici))
