/**
 * A venue's public REST calls, under its rate by weight and its breaker. A venue that says "too many" is left alone for as long as it says.
 */
import { defaultPolicies } from "@evenkeel/runtime/resilience/Policy"
import { Policies, type PolicyError } from "@evenkeel/runtime/resilience/Policies"
import { Clock, Effect, Schema } from "effect"
import { HttpClient, type HttpClientError, type HttpClientResponse } from "effect/http"
import type { Endpoints, Exchange } from "../exchange/Exchange.ts"

export class RestRefused extends Schema.TaggedError<RestRefused>()("RestRefused", {
  venue: Schema.String,
  path: Schema.String,
  status: Schema.Int
}) {
  override get message() {
    return `${this.venue} answered ${this.status} to ${this.path}`
  }
}

export type RestError = RestRefused | HttpClientError.HttpClientError | PolicyError

export interface Rest {
  /** The body of the venue's book of a symbol. */
  readonly book: (symbol: string) => Effect.Effect<Uint8Array, RestError>
  readonly get: (path: string) => Effect.Effect<unknown, RestError>
  readonly post: (path: string) => Effect.Effect<unknown, RestError>
  /** What the venue's last answer said of what is left, as it said it. */
  readonly limits: () => string | undefined
}

/** Without a word of how long: 429 is a warning, 418 and 403 are bans, which asking makes longer. */
const pauseMillis: Readonly<Record<number, number>> = { 429: 5_000, 418: 120_000, 403: 120_000 }
const pauseMillisMax = 3_600_000
/** Where venues say what is left. */
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
  const client = yield* HttpClient.HttpClient
  let pausedUntil = 0
  let limits: string | undefined

  const call = <A>(
    path: string,
    weight: number,
    send: Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>,
    read: (response: HttpClientResponse.HttpClientResponse) => Effect.Effect<A, HttpClientError.HttpClientError>
  ) => {
    const attempt = Effect.gen(function* () {
      const response = yield* send
      const left = limitHeaders.find((name) => response.headers[name] !== undefined)
      if (left !== undefined) limits = `${left} ${response.headers[left]}`
      if (response.status === 200) return yield* read(response)
      const pause = pauseMillis[response.status]
      if (pause !== undefined) {
        const asked = Number(response.headers["retry-after"]) * 1000
        pausedUntil = (yield* Clock.currentTimeMillis) + Math.min(pauseMillisMax, Number.isFinite(asked) ? asked : pause)
      }
      return yield* new RestRefused({ venue: exchange.id, path, status: response.status })
    })
    return Effect.gen(function* () {
      const wait = pausedUntil - (yield* Clock.currentTimeMillis)
      if (wait > 0) yield* Effect.sleep(wait)
      return yield* policies.run(attempt, {
        name: "rest",
        key: exchange.id,
        // The policy's rate is in its own tokens; the venue's allowance is spread over them.
        tokens: Math.ceil((weight * defaultPolicies.rest.rate.limit) / exchange.restPerMinute),
        retryable: (error) => error._tag !== "RestRefused" || pauseMillis[error.status] === undefined
      })
    })
  }

  return {
    book: (symbol) => {
      const path = exchange.book.path(symbol)
      return call(path, exchange.book.weight, client.get(endpoints.rest + path), (response) =>
        Effect.map(response.arrayBuffer, (body) => new Uint8Array(body))
      )
    },
    get: (path) => call(path, 1, client.get(endpoints.rest + path), (response) => response.json),
    post: (path) => call(path, 1, client.post(endpoints.rest + path), (response) => response.json),
    limits: () => limits
  } satisfies Rest
})
