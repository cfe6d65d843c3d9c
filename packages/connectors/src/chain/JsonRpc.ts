/** JSON over HTTP for the chains that viem does not know. */
import type { ChainId } from "@evenkeel/domain/market/Venue"
import { sendHidden, shownProblem } from "@evenkeel/runtime/telemetry/HiddenAddress"
import { Effect, Option, Result, type Schema } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { readBody } from "../transport/Body.ts"
import { ChainUnavailable } from "./Chain.ts"

/** A longer answer of a node is refused, and the node counts as failed. The longest, a block's logs, have some 2 MB. */
export const answerBytesMax = 16 << 20

/** Posts a body and decodes what comes back; everything that goes wrong is the endpoint's. */
export const postJson = Effect.fnUntraced(function* <A>(
  chain: ChainId,
  url: string,
  body: Schema.Json,
  decode: (answer: unknown) => Option.Option<A>
) {
  const client = yield* HttpClient.HttpClient
  const unavailable = (problem: string) => new ChainUnavailable({ chain, problem })
  const bytes = yield* HttpClientRequest.post(url).pipe(
    HttpClientRequest.bodyJsonUnsafe(body),
    (request) => sendHidden(client, request),
    Effect.flatMap((response) => readBody(response, answerBytesMax)),
    Effect.mapError((error) => unavailable(error._tag === "BodyTooLarge" ? error.message : shownProblem(error)))
  )
  const answer = yield* Effect.fromResult(
    Result.try({ try: (): unknown => JSON.parse(bytes.toString()), catch: () => unavailable("an answer that is not JSON") })
  )
  const decoded = decode(answer)
  return Option.isSome(decoded) ? decoded.value : yield* unavailable(`an answer in an unknown form: ${bytes.toString("utf8", 0, 200)}`)
})
