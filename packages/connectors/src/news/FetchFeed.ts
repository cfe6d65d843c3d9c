/**
 * One request for a feed's document, and whatever a server may answer instead: nothing new, another address, too much, something packed, or a refusal.
 *
 * Redirections are followed by hand, each to an address that is looked at like the first one. A packed body is unpacked up to the limit and no further.
 */
import { sendHidden, shownProblem } from "@evenkeel/runtime/telemetry/HiddenAddress"
import { Clock, DateTime, Effect, Option, Schema, type Scope } from "effect"
import type { HttpClient, HttpClientError, HttpClientResponse } from "effect/http"
import { HttpClientRequest } from "effect/http"
import { gunzip } from "node:zlib"
import { readBody } from "../transport/Body.ts"
import { isPrivateUrl, privateCode } from "@evenkeel/runtime/net/PrivateAddress"

/** Of a document, packed or not; a longer one is refused. */
export const documentBytesMax = 1 << 20
const redirectsMax = 3
const redirects = [301, 302, 303, 307, 308]
/** The longest pause that a server may ask for. */
const pauseMillisMax = 24 * 3_600_000

export class FeedFailed extends Schema.TaggedError<FeedFailed>()("FeedFailed", {
  feed: Schema.String,
  reason: Schema.Literals(["refused", "unreachable", "private-address", "redirected", "too-large", "packed", "malformed"]),
  problem: Schema.String,
  /** The server asks not to be asked again for so long. */
  pauseMillis: Schema.optionalKey(Schema.Finite)
}) {
  override get message() {
    return `${this.feed}: ${this.problem}`
  }
}

/** What a server gives so that it can say "nothing new" the next time. */
export interface Validators {
  readonly etag: string | undefined
  readonly modified: string | undefined
}

export interface FetchedDocument extends Validators {
  readonly bytes: Uint8Array
  readonly contentType: string
  /** Where it was found in the end: links are relative to it. */
  readonly address: string
}

export interface FetchOptions {
  readonly feed: string
  readonly address: string
  readonly validators: Validators
  /** Whether addresses of private networks are asked: for feeds of one's own, and tests. */
  readonly allowPrivate: boolean
}

/** The document; undefined where it is the same as the last time. The client follows no redirections of itself, and refuses private names (`publicLookup`). */
export const fetchFeed = Effect.fnUntraced(function* (
  client: HttpClient.HttpClient.With<HttpClientError.HttpClientError, Scope.Scope>,
  { address, allowPrivate, feed, validators }: FetchOptions
): Effect.fn.Return<FetchedDocument | undefined, FeedFailed, Scope.Scope> {
  const failed = (reason: FeedFailed["reason"], problem: string) => new FeedFailed({ feed, reason, problem })
  const unreachable = (error: HttpClientError.HttpClientError) =>
    codeOf(error) === privateCode
      ? failed("private-address", "it leads to a private address")
      : failed("unreachable", `it cannot be reached: ${shownProblem(error)}`)
  const headers = {
    accept: "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5",
    "accept-encoding": "gzip",
    "user-agent": "evenkeel",
    ...(validators.etag === undefined ? {} : { "if-none-match": validators.etag }),
    ...(validators.modified === undefined ? {} : { "if-modified-since": validators.modified })
  }
  let url = new URL(address)
  for (let hop = 0; hop <= redirectsMax; hop++) {
    if (!allowPrivate && isPrivateUrl(url)) return yield* failed("private-address", "it leads to a private address")
    const request = HttpClientRequest.get(url.href).pipe(HttpClientRequest.setHeaders(headers))
    const response = yield* sendHidden(client, request).pipe(Effect.mapError(unreachable))
    if (response.status === 304) return undefined
    if (response.status === 200) {
      const body = yield* readBody(response, documentBytesMax).pipe(
        Effect.mapError((error) => (error._tag === "BodyTooLarge" ? failed("too-large", error.message) : unreachable(error)))
      )
      return {
        bytes: yield* unpack(body, response.headers["content-encoding"] ?? "", failed),
        contentType: response.headers["content-type"] ?? "",
        address: url.href,
        etag: response.headers["etag"],
        modified: response.headers["last-modified"]
      }
    }
    if (!redirects.includes(response.status)) return yield* refused(feed, response)
    const next = nextAddress(response.headers["location"] ?? "", url)
    if (next === undefined) return yield* failed("redirected", "it leads to an address that is not followed")
    url = next
  }
  return yield* failed("redirected", `it leads on more than ${redirectsMax} times`)
}, Effect.scoped)

const codeOf = ({ reason: { cause } }: HttpClientError.HttpClientError): unknown =>
  typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined

/** Where a redirection leads; undefined where nobody should follow: another protocol, credentials, or from a secret connection to an open one. */
const nextAddress = (location: string, from: URL): URL | undefined => {
  if (location === "" || !URL.canParse(location, from.href)) return undefined
  const next = new URL(location, from)
  const isOpen = next.protocol === "http:" && from.protocol === "http:"
  return (next.protocol === "https:" || isOpen) && next.username === "" && next.password === "" ? next : undefined
}

const refused = Effect.fnUntraced(function* (feed: string, { headers, status }: HttpClientResponse.HttpClientResponse) {
  const asked = headers["retry-after"]?.trim() ?? ""
  const now = yield* Clock.currentTimeMillis
  const pause = /^\d{1,9}$/.test(asked)
    ? Number(asked) * 1000
    : Option.match(DateTime.make(asked), { onNone: () => 0, onSome: (date) => DateTime.toEpochMillis(date) - now })
  return yield* new FeedFailed({
    feed,
    reason: "refused",
    problem: `its server answers ${status}`,
    ...(pause > 0 ? { pauseMillis: Math.min(pauseMillisMax, pause) } : {})
  })
})

const unpack = (
  body: Buffer,
  encoding: string,
  failed: (reason: FeedFailed["reason"], problem: string) => FeedFailed
): Effect.Effect<Uint8Array, FeedFailed> => {
  if (encoding === "" || encoding === "identity") return Effect.succeed(body)
  if (encoding !== "gzip" && encoding !== "x-gzip")
    return Effect.fail(failed("packed", "its document is packed in another way than was asked for"))
  return Effect.callback((resume) =>
    gunzip(body, { maxOutputLength: documentBytesMax }, (error, unpacked) =>
      resume(
        error === null
          ? Effect.succeed(unpacked)
          : Effect.fail(
              "code" in error && error.code === "ERR_BUFFER_TOO_LARGE"
                ? failed("too-large", `a document of more than ${documentBytesMax >> 20} MB when it is unpacked`)
                : failed("packed", "its document cannot be unpacked")
            )
      )
    )
  )
}
