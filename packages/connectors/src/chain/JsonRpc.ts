/** JSON over HTTP for the chains that viem does not know. */
import type { ChainId } from "@evenkeel/domain/market/Venue"
import { sendHidden, shownProblem } from "@evenkeel/runtime/telemetry/HiddenAddress"
import { Effect, Option, type Schema } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { ChainUnavailable } from "./Chain.ts"

/** Posts a body and decodes what comes back; everything that goes wrong is the endpoint's. */
export const postJson = Effect.fnUntraced(function* <A>(
  chain: ChainId,
  url: string,
  body: Schema.Json,
  decode: (answer: unknown) => Option.Option<A>
) {
  const client = yield* HttpClient.HttpClient
  const answer = yield* HttpClientRequest.post(url).pipe(
    HttpClientRequest.bodyJsonUnsafe(body),
    (request) => sendHidden(client, request),
    Effect.flatMap((response) => response.json),
    Effect.mapError((error) => new ChainUnavailable({ chain, problem: shownProblem(error) }))
  )
  const decoded = decode(answer)
  return Option.isSome(decoded)
    ? decoded.value
    : yield* new ChainUnavailable({ chain, problem: `an answer in an unknown form: ${JSON.stringify(answer).slice(0, 200)}` })
})
