/**
 * A venue's public REST calls, under its rate by weight and its breaker. A venue that answers "too many requests" is not asked again before
 * the time that it names.
 */
import { defaultPolicies, type Policy } from "@evenkeel/runtime/resilience/Policy"
import { Policies, type PolicyError } from "@evenkeel/runtime/resilience/Policies"
import { monotonicMillis } from "@evenkeel/runtime/time/Monotonic"
import { Clock, DateTime, Effect, Option, Result, Schema, type Scope } from "effect"
import { HttpClient, type HttpClientError, type HttpClientResponse } from "effect/http"
import type { Endpoints, Exchange } from "../exchange/Exchange.ts"
import { readBody } from "./Body.ts"

export class RestRefused extends Schema.TaggedError<RestRefused>()("RestRefused", {
  venue: Schema.String,
  path: Schema.String,
  status: Schema.Int
}) {
  override get message() {
    return `${this.venue} answered ${this.status} to ${this.path}`
  }
}

/** The venue answered, and the body is of no use. */
export class RestBodyUnusable extends Schema.TaggedError<RestBodyUnusable>()("RestBodyUnusable", {
  venue: Schema.String,
  path: Schema.String,
  reason: Schema.Literals(["too-large", "not-json"]),
  bytesMax: Schema.Int
}) {
  override get message() {
    const what = this.reason === "too-large" ? `with more than ${this.bytesMax >> 20} MB` : "with something that is not JSON"
    return `${this.venue} answered ${what} to ${this.path}`
  }
}

export type RestError = RestRefused | RestBodyUnusable | HttpClientError.HttpClientError | PolicyError

export interface Rest {
  /** The body of the venue's book of a symbol. */
  readonly book: (symbol: string) => Effect.Effect<Uint8Array, RestError>
  readonly get: (path: string) => Effect.Effect<unknown, RestError>
  readonly post: (path: string) => Effect.Effect<unknown, RestError>
  /** The header in which the venue's last answer said how much of its rate is left, with its name. */
  readonly limits: () => string | undefined
}

/** A longer body is refused. The longest lists of pairs have some 10 MB, and a list is read once in some minutes. */
const bodyBytesMax = 32 << 20
/** The same for a book, of which a venue is asked for many: the deepest ones, of some 60,000 levels, have some 4 MB. */
const bookBytesMax = 8 << 20
/** The pause after a refusal that names none: 429 is a warning, 418 and 403 are bans, which further requests make longer. */
const pauseMillis: Readonly<Record<number, number>> = { 429: 5_000, 418: 120_000, 403: 120_000 }
const pauseMillisMax = 3_600_000

/** What `Retry-After` asks for, in ms: seconds, or a date (RFC 9110, 10.2.3). NaN where it asks for nothing that can be read. */
const pauseAsked = (text: string | undefined, now: number): number =>
  text === undefined || text.trim() === ""
    ? Number.NaN
    : Number.isFinite(Number(text))
      ? Number(text) * 1000
      : Option.match(DateTime.make(text), { onNone: () => Number.NaN, onSome: (date) => DateTime.toEpochMillis(date) - now })
/** Headers in which venues say how much of their rate is left. */
const limitHeaders = [
  "x-mbx-used-weight-1m",
  "x-bapi-limit-status",
  "gw-ratelimit-remaining",
  "x-gate-ratelimit-requests-remain",
  "ratelimit-remaining",
  "x-ratelimit-remaining"
]

export const makeRest = Effect.fnUntraced(function* (exchange: Exchange, endpoints: Endpoints) {
  const policies = yield* Policies
  // With an attempt's scope its connection is closed, also where nothing of the body was read.
  const client = HttpClient.withScope(yield* HttpClient.HttpClient)
  const venue = exchange.id
  let pausedUntil = 0
  let limits: string | undefined

  const bodyOf = (path: string, bytesMax: number, response: HttpClientResponse.HttpClientResponse) =>
    readBody(response, bytesMax).pipe(
      Effect.catchTag("BodyTooLarge", () => Effect.fail(new RestBodyUnusable({ venue, path, reason: "too-large", bytesMax })))
    )
  const call = <A>(
    path: string,
    weight: number,
    bytesMax: number,
    send: Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError, Scope.Scope>,
    decode: (body: Buffer) => Effect.Effect<A, RestBodyUnusable>
  ) => {
    const attempt = Effect.gen(function* () {
      const response = yield* send
      const left = limitHeaders.find((name) => response.headers[name] !== undefined)
      if (left !== undefined) limits = `${left} ${response.headers[left]}`
      if (response.status === 200) return yield* Effect.flatMap(bodyOf(path, bytesMax, response), decode)
      const pause = pauseMillis[response.status]
      if (pause !== undefined) {
        const asked = pauseAsked(response.headers["retry-after"], yield* Clock.currentTimeMillis)
        pausedUntil = (yield* monotonicMillis) + Math.min(pauseMillisMax, asked > 0 ? asked : pause)
      }
      return yield* new RestRefused({ venue, path, status: response.status })
    }).pipe(Effect.scoped)
    return Effect.gen(function* () {
      const wait = pausedUntil - (yield* monotonicMillis)
      if (wait > 0) yield* Effect.sleep(wait)
      return yield* policies.run(attempt, {
        name: "rest",
        key: venue,
        tokens: tokensOf(policies.policy("rest", venue), exchange, weight),
        retryable: isRetryable
      })
    })
  }
  const jsonOf = (path: string) => (body: Buffer) =>
    Result.match(
      Result.try((): unknown => JSON.parse(body.toString())),
      {
        onSuccess: Effect.succeed,
        onFailure: () => Effect.fail(new RestBodyUnusable({ venue, path, reason: "not-json", bytesMax: bodyBytesMax }))
      }
    )

  return {
    book: (symbol) => {
      const path = exchange.book.path(symbol)
      return call(path, exchange.book.weight, bookBytesMax, client.get(endpoints.rest + path), Effect.succeed)
    },
    get: (path) => call(path, 1, bodyBytesMax, client.get(endpoints.rest + path), jsonOf(path)),
    post: (path) => call(path, 1, bodyBytesMax, client.post(endpoints.rest + path), jsonOf(path)),
    limits: () => limits
  } satisfies Rest
})

/** A refusal that asks for a pause, and a body that is of no use, would be the same at once afterwards. */
const isRetryable = (error: RestError): boolean =>
  error._tag === "RestRefused" ? pauseMillis[error.status] === undefined : error._tag !== "RestBodyUnusable"

/**
 * What a call of so much weight takes of the policy's rate. The rate that is declared for all venues stands for each venue's own allowance
 * (`restPerMinute`) and is spread over it; a rate that overrides it, for a venue or for all, is taken as it is: in weights of the venue.
 */
const tokensOf = ({ rate }: Policy, exchange: Exchange, weight: number): number =>
  rate === undefined || rate !== defaultPolicies.rest.rate ? weight : Math.ceil((weight * rate.limit) / exchange.restPerMinute)
