/**
 * Delivery by HTTP: what every service that takes notifications over it has in common. Its address and its keys are never shown, its answer is read up to
 * a bound, and what it says of when to come back is kept to.
 */
import type { Notification } from "@evenkeel/domain/alert/Alert"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { sendHidden, shownProblem, withoutKeys } from "@evenkeel/runtime/telemetry/HiddenAddress"
import { plainText } from "@evenkeel/runtime/telemetry/PlainText"
import { Clock, DateTime, Effect, Option, Redacted, Stream } from "effect"
import { HttpBody, HttpClient, HttpClientRequest, type HttpClientResponse } from "effect/http"
import { DeliveryFailed, type Receiver } from "./Receiver.ts"

/** One request. A notification may take several: they are sent in order, and the next not before the one before it was taken. */
export interface HttpMessage {
  readonly url: Redacted.Redacted
  readonly method?: "POST" | "PUT"
  /** May hold keys. */
  readonly headers?: Readonly<Record<string, string>>
  /** JSON unless `contentType` says something else. */
  readonly body: string
  readonly contentType?: string
}

export interface HttpReceiverOptions {
  readonly name: string
  readonly messagesOf: (notification: Notification, now: number) => ReadonlyArray<HttpMessage>
  /** Some services answer 200 and mean no: what they say; undefined where it was taken. The body is shortened. */
  readonly refusalOf?: (body: string) => string | undefined
  /** Some services say in the body of a refusal when to come back, ms; undefined where it does not. The longer of that and `Retry-After` counts. */
  readonly pauseOf?: (body: string) => number | undefined
}

/** Of an answer so much is read and, of that, so much is told. */
const answerBytesMax = 64 * 1024
const answerCharactersShown = 200
/** Seconds or a date (RFC 9110, 10.2.3); undefined where it says nothing of use. */
export const retryAfterMillis = (value: string | undefined, now: number): number | undefined => {
  if (value === undefined) return undefined
  const at = /^\d+(\.\d+)?$/.test(value.trim())
    ? now + Number(value) * 1000
    : Option.getOrUndefined(Option.map(DateTime.make(value), DateTime.toEpochMillis))
  return at === undefined ? undefined : Math.max(0, at - now)
}

const readAnswer = ({ stream }: HttpClientResponse.HttpClientResponse) =>
  stream.pipe(
    Stream.decodeText(),
    Stream.scan(
      () => "",
      (text: string, chunk: string) => text + chunk
    ),
    Stream.takeUntil((text) => text.length >= answerBytesMax),
    Stream.runLast,
    Effect.map((text) => Option.getOrElse(text, () => "").slice(0, answerBytesMax))
  )

export const makeHttpReceiver = Effect.fnUntraced(function* ({
  messagesOf,
  name,
  pauseOf = () => undefined,
  refusalOf
}: HttpReceiverOptions) {
  // With the delivery's scope its connection is closed, however much may still come.
  const client = HttpClient.withScope(yield* HttpClient.HttpClient)
  const policies = yield* Policies

  const send = Effect.fn("HttpReceiver.send")(function* ({
    body,
    contentType = "application/json",
    headers = {},
    method = "POST",
    url
  }: HttpMessage) {
    const failed = (problem: string, retryable: boolean, pauseMillis?: number) =>
      new DeliveryFailed({ receiver: name, problem, retryable, ...(pauseMillis === undefined ? {} : { pauseMillis }) })
    const request = HttpClientRequest.make(method)(Redacted.value(url)).pipe(
      HttpClientRequest.setHeaders({ "user-agent": "evenkeel", ...headers }),
      HttpClientRequest.setBody(HttpBody.text(body, contentType))
    )
    const response = yield* sendHidden(client, request).pipe(Effect.mapError((error) => failed(shownProblem(error), true)))
    yield* Effect.annotateCurrentSpan({ "http.response.status_code": response.status, receiver: name })
    const taken = response.status >= 200 && response.status < 300
    if (taken && refusalOf === undefined) return
    const answer = yield* readAnswer(response).pipe(Effect.orElseSucceed(() => ""))
    // Whoever answers may repeat the request, keys and all.
    const keys = Object.values(headers).flatMap((value) => value.split(" "))
    const shown = (text: string) => plainText(withoutKeys(text, Redacted.value(url), keys).slice(0, answerCharactersShown))
    const said = shown(answer)
    if (taken) {
      const refusal = refusalOf!(answer)
      return refusal === undefined ? undefined : yield* failed(`refused: ${shown(refusal)}`, false)
    }
    const again = response.status === 408 || response.status === 429 || response.status >= 500
    const pauses = again ? [retryAfterMillis(response.headers["retry-after"], yield* Clock.currentTimeMillis), pauseOf(answer)] : []
    const pause = pauses.reduce((longest, each) => (each === undefined ? longest : Math.max(longest ?? 0, each)), undefined)
    return yield* failed(`answered ${response.status}${said === "" ? "" : `: ${said}`}`, again, pause)
  }, Effect.scoped)

  return {
    name,
    deliver: Effect.fnUntraced(function* (notification) {
      for (const message of messagesOf(notification, yield* Clock.currentTimeMillis))
        yield* policies
          // Who was told when to come back does not try again before.
          .run(send(message), { name: "deliver", key: name, retryable: (error) => error.retryable && error.pauseMillis === undefined })
          .pipe(
            Effect.catchTag("PolicyError", (error) =>
              Effect.fail(new DeliveryFailed({ receiver: name, problem: error.message, retryable: true }))
            )
          )
    })
  } satisfies Receiver
})
