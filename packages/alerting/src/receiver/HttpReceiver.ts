/**
 * Delivery by HTTP: what every service that takes notifications over it has in common. Its address and its keys are never shown, its answer is read up to
 * a bound, and what it says of when to come back is kept to.
 */
import type { Notification } from "@evenkeel/domain/alert/Alert"
import { sendHidden, shownProblem } from "@evenkeel/runtime/telemetry/HiddenAddress"
import { plainText } from "@evenkeel/runtime/telemetry/PlainText"
import { attributes } from "@evenkeel/runtime/telemetry/Spans"
import { Clock, DateTime, Effect, Option, Redacted, Result, Stream } from "effect"
import { HttpBody, HttpClient, HttpClientRequest, type HttpClientResponse } from "effect/http"
import { makeDelivery, withoutSecrets } from "./Delivery.ts"
import { DeliveryFailed, type Receiver } from "./Receiver.ts"

/** One request. A notification may take several: they are sent in order, and one that is refused holds up none of the others. */
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
  /** Keys that requests hold beside what stands in their addresses and headers. */
  readonly keys?: ReadonlyArray<Redacted.Redacted>
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

/** Shorter parts of a request are no keys, and hiding them would hide what is said. */
const keyLengthMin = 4

/** Where a part of an address is no good encoding, it reads as it is sent. */
const decoded = (part: string): string =>
  Result.getOrElse(
    Result.try(() => decodeURIComponent(part)),
    () => part
  )

/**
 * What an answer may repeat of its request: what stands around the host of the address, as it is sent and as it reads, and the headers, without their
 * scheme too; each as a whole and in its parts. An address that was answered can be read.
 */
const hiddenPartsOf = (address: string, headers: Readonly<Record<string, string>>): ReadonlyArray<string> => {
  const { hash, password, pathname, search, username } = new URL(address)
  const behind = `${pathname}${search}${hash}`
  const parts = [username, password, behind, `${pathname}${search}`, ...behind.split(/[/?#&=:@]/)]
  const values = Object.values(headers).flatMap((value) => [value, ...value.split(" ").slice(1)])
  return [...parts, ...parts.map(decoded), ...values].filter((part) => part.length >= keyLengthMin)
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
  keys = [],
  messagesOf,
  name,
  pauseOf = () => undefined,
  refusalOf
}: HttpReceiverOptions) {
  // With the delivery's scope its connection is closed, however much may still come.
  const client = HttpClient.withScope(yield* HttpClient.HttpClient)
  const delivery = yield* makeDelivery(name)

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
    yield* Effect.annotateCurrentSpan({ "http.response.status_code": response.status, [attributes.receiver]: name })
    const taken = response.status >= 200 && response.status < 300
    // An answer that is read to its end leaves the connection to the next request.
    const answer = yield* readAnswer(response).pipe(Effect.orElseSucceed(() => ""))
    if (taken && refusalOf === undefined) return
    const secrets = [...keys.map(Redacted.value), ...hiddenPartsOf(Redacted.value(url), headers)]
    const shown = (text: string) => plainText(withoutSecrets(text, secrets).slice(0, answerCharactersShown))
    if (taken) {
      const refusal = refusalOf!(answer)
      return refusal === undefined ? undefined : yield* failed(`refused: ${shown(refusal)}`, false)
    }
    const said = shown(answer)
    const again = response.status === 408 || response.status === 429 || response.status >= 500
    const pauses = again ? [retryAfterMillis(response.headers["retry-after"], yield* Clock.currentTimeMillis), pauseOf(answer)] : []
    const pause = pauses.reduce((longest, each) => (each === undefined ? longest : Math.max(longest ?? 0, each)), undefined)
    return yield* failed(`answered ${response.status}${said === "" ? "" : `: ${said}`}`, again, pause)
  }, Effect.scoped)

  return {
    name,
    deliver: Effect.fnUntraced(function* (notification) {
      const taken = delivery.takenOf(notification.idempotencyKey)
      let refused: DeliveryFailed | undefined
      for (const [index, message] of messagesOf(notification, yield* Clock.currentTimeMillis).entries()) {
        if (taken.has(`${index}`)) continue
        const refusal = yield* delivery.attempt(send(message)).pipe(
          Effect.as(undefined),
          Effect.catchTag("DeliveryFailed", (failed) => (failed.retryable ? Effect.fail(failed) : Effect.succeed(failed)))
        )
        if (refusal === undefined) taken.add(`${index}`)
        else refused ??= refusal
      }
      if (refused !== undefined) return yield* refused
      delivery.forget(notification.idempotencyKey)
    })
  } satisfies Receiver
})
