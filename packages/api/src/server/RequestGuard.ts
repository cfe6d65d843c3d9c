/**
 * What every request passes before its route, and every refusal on its way out.
 *
 * A refusal is a problem (RFC 9457) whoever makes it: the routes, the server of files, or this guard. A path longer than any that leads somewhere is not
 * looked up at all: the file system answers with errors of its own to names that are too long.
 */
import { ByteSize, Cause, Effect } from "effect"
import { HttpRouter, HttpServerError, HttpServerRequest, HttpServerResponse, ProblemDetails } from "effect/http"
import { STATUS_CODES } from "node:http"
import { answersTo, type HostNames } from "./HostNames.ts"

/** Of a path, without its query; a longer one is answered 404. */
const pathCharactersMax = 255
/** Of a request; more is answered 413 and not read. A body is decoded at one go: the worst one of this size holds the main thread for 100 ms. */
const bodyKibibytesMax = 512

/** What is asked for without a word here is read. */
const methodsOf = (path: string): ReadonlyArray<string> => writes.find(({ paths }) => paths.test(path))?.methods ?? ["GET", "HEAD"]

const writes = [
  { paths: /^\/v1\/liquidations$/, methods: ["POST"] },
  { paths: /^\/v1\/silences$/, methods: ["GET", "HEAD", "POST"] },
  { paths: /^\/v1\/silences\/[^/]+$/, methods: ["DELETE"] },
  { paths: /^\/v1\/status\/(profile|heap)$/, methods: ["POST"] },
  { paths: /^\/v1\/alerts\/[^/]+\/acknowledgement$/, methods: ["POST"] }
]

const isWrite = (method: string): boolean => method !== "GET" && method !== "HEAD"

/** A browser names the page that asks in `Origin`, and lets any page send a form or a text; a program names none. */
const isFromOurPage = ({ host, origin }: Readonly<Record<string, string | undefined>>): boolean =>
  origin === undefined || (URL.canParse(origin) && new URL(origin).host === host)

const problem = (status: number, detail?: string) =>
  ProblemDetails.toResponse({
    type: "about:blank",
    status,
    title: STATUS_CODES[status] ?? "Error",
    ...(detail === undefined ? {} : { detail })
  })

/** Why a request is answered at once; undefined for one that goes on to its route. */
const refusalOf = (
  { headers, method, url }: HttpServerRequest.HttpServerRequest,
  isOurs: ReturnType<typeof answersTo>
): HttpServerResponse.HttpServerResponse | undefined => {
  if (!isOurs(headers["host"]))
    return problem(421, "this name is not the server's; names of a proxy before it are set with EVENKEEL_HTTP_NAMES")
  const path = url.split("?", 1)[0]!
  const allowed = methodsOf(path)
  if (!allowed.includes(method))
    return HttpServerResponse.setHeader(problem(405, `nothing here takes ${method}`), "allow", allowed.join(", "))
  if (isWrite(method) && !isFromOurPage(headers)) return problem(403, "pages of other sites may change nothing here")
  if (path.length > pathCharactersMax) return problem(404, `no path here has more than ${pathCharactersMax} characters`)
  return undefined
}

/** What went wrong as an answer; who asked learns nothing of a fault inside, the log does. */
const answerOf = (cause: Cause.Cause<unknown>) =>
  Effect.flatMap(HttpServerError.causeResponse(cause), ([response]) =>
    response.status === 500 ? Effect.as(Effect.logError("a request failed", cause), response) : Effect.succeed(response)
  )

export const layerRequestGuard = (hosts: HostNames) => {
  const isOurs = answersTo(hosts)
  return HttpRouter.middleware(
    (route) =>
      Effect.gen(function* () {
        const refusal = refusalOf(yield* HttpServerRequest.HttpServerRequest, isOurs)
        if (refusal !== undefined) return refusal
        const response = yield* Effect.catchCauseIf(
          Effect.provideService(route, HttpServerRequest.MaxBodySize, ByteSize.kibibytes(bodyKibibytesMax)),
          (cause) => !Cause.hasInterrupts(cause),
          answerOf
        )
        return response.status >= 400 && response.body._tag === "Empty"
          ? HttpServerResponse.setHeaders(problem(response.status), response.headers)
          : response
      }),
    { global: true }
  )
}
