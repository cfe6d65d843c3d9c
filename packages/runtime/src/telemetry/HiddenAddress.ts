/**
 * HTTP calls to addresses that may hold a key in path, query or user name: a webhook's, a node's.
 *
 * Logs, spans, the database and the API may show scheme and host of such an address, and nothing else of it. The HTTP client's own span and its errors
 * show all of it, so the call has a span of its own here, and `shownProblem` says what went wrong.
 */
import { Effect, Option } from "effect"
import { privateCode } from "../net/PrivateAddress.ts"
import { HttpClient, type HttpClientError, type HttpClientRequest, HttpClientRequest as Request, HttpTraceContext } from "effect/http"

/** Scheme, host and port. */
export const shownAddress = (address: string): string => {
  if (!URL.canParse(address)) return "an address that cannot be read"
  const { host, protocol } = new URL(address)
  return `${protocol}//${host}`
}

/** What OpenTelemetry's conventions for HTTP clients ask for, but `url.full`, which is what is to be hidden. */
const serverOf = (address: string) => {
  if (!URL.canParse(address)) return {}
  const { hostname, port, protocol } = new URL(address)
  return {
    "server.address": hostname,
    "server.port": port === "" ? (protocol === "https:" ? 443 : 80) : Number(port),
    "url.scheme": protocol.slice(0, -1)
  }
}

/** Like the client's `execute`, in a span that shows scheme and host alone. */
export const sendHidden = <R>(
  client: HttpClient.HttpClient.With<HttpClientError.HttpClientError, R>,
  request: HttpClientRequest.HttpClientRequest
) =>
  Effect.gen(function* () {
    const span = yield* Effect.option(Effect.currentSpan)
    const traced = Option.isSome(span) ? Request.setHeaders(request, HttpTraceContext.toHeaders(span.value)) : request
    const response = yield* client.execute(traced).pipe(Effect.provideService(HttpClient.TracerDisabledWhen, () => true))
    yield* Effect.annotateCurrentSpan({
      "http.response.status_code": response.status,
      ...(response.status >= 400 ? { "error.type": String(response.status) } : {})
    })
    return response
  }).pipe(
    // The client's error stays out of the span: it holds the address.
    Effect.result,
    Effect.withSpan(request.method, {
      kind: "client",
      attributes: { "http.request.method": request.method, ...serverOf(request.url) }
    }),
    Effect.flatMap(Effect.fromResult)
  )

/** What went wrong, in the words of the network where it has some. */
export const shownProblem = ({ reason, request }: HttpClientError.HttpClientError): string => {
  const code: unknown = typeof reason.cause === "object" && reason.cause !== null && "code" in reason.cause ? reason.cause.code : undefined
  const problem = code === privateCode ? "leads to a private address" : typeof code === "string" ? code : reason._tag
  return `${problem} (${request.method} ${shownAddress(request.url)})`
}
