/** Asks the engine that runs, at the address that is configured: `evenkeel alerts silence` and `ack`, and what other commands ask. */
import { knownLabels, unknownLabel } from "@evenkeel/alerting/route/KnownLabels"
import { parseMatchers } from "@evenkeel/alerting/route/Matcher"
import { Period, periodMillis } from "@evenkeel/alerting/route/Period"
import type { SilenceView } from "@evenkeel/alerting/mute/Silence"
import { EngineApi } from "@evenkeel/api/contract/EngineApi"
import { matcherText } from "@evenkeel/alerting/route/Matcher"
import { Console, DateTime, Effect, Schema } from "effect"
import { HttpClient } from "effect/http"
import { HttpApiClient } from "effect/http-api"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import type { EngineConfig } from "../config/EngineConfig.ts"

/** No engine answered, or it refused. */
export class NotDone extends Schema.TaggedError<NotDone>()("NotDone", { problem: Schema.String }) {
  override get message() {
    return this.problem
  }
}

/** Whoever listens everywhere is reached on loopback. */
const addressOf = ({ http }: EngineConfig): string =>
  `http://${http.host === "0.0.0.0" ? "127.0.0.1" : http.host === "::" ? "[::1]" : http.host}:${http.port}`

type Question<A> = (client: HttpApiClient.ForApi<typeof EngineApi>) => Effect.Effect<A, { readonly message: string }>

const isNoAnswer = (error: object): boolean =>
  "_tag" in error &&
  error._tag === "HttpClientError" &&
  "reason" in error &&
  typeof error.reason === "object" &&
  error.reason !== null &&
  "_tag" in error.reason &&
  error.reason._tag === "TransportError"

const asked = <A>(config: EngineConfig, question: Question<A>) =>
  Effect.flatMap(HttpApiClient.make(EngineApi, { baseUrl: addressOf(config) }), question).pipe(
    Effect.provide(NodeHttpClient.layerUndici),
    // A command exports no spans: the engine's would have a parent that nobody finds.
    Effect.provideService(HttpClient.TracerPropagationEnabled, false)
  )

/** Asks the engine at the configured address one thing. */
export const ask = <A>(config: EngineConfig, question: Question<A>) =>
  asked(config, question).pipe(
    Effect.mapError(
      (error) =>
        new NotDone({
          problem:
            "_tag" in error && error._tag === "HttpClientError"
              ? `no engine answers at ${addressOf(config)}: does one run, with this configuration? (${error.message})`
              : error.message
        })
    )
  )

/** Asks the engine that runs; where none does, `otherwise` looks into the database itself. */
export const askOr = <A, E, R>(config: EngineConfig, question: Question<A>, otherwise: Effect.Effect<A, E, R>) =>
  Effect.catchIf(
    asked(config, question),
    (error): error is { readonly message: string } => isNoAnswer(error),
    () => Effect.void
  ).pipe(
    Effect.mapError(({ message }) => new NotDone({ problem: message })),
    Effect.flatMap((answer) => (answer === undefined ? otherwise : Effect.succeed(answer)))
  )

/** Whether an engine answers at the configured address, however it is. */
export const engineAnswers = (config: EngineConfig) =>
  ask(config, (client) => Effect.catchTag(client.healthz({ query: {} }), "NotReady", () => Effect.void)).pipe(Effect.isSuccess)

const iso = (time: number) => DateTime.formatIso(DateTime.makeUnsafe(Math.round(time)))
const lineOf = ({ comment, createdBy, endsAt, id, matchers, startsAt, state }: SilenceView): string =>
  `${id} ${state} ${iso(startsAt)} to ${iso(endsAt)} {${matchers.join(", ")}} by ${createdBy}: ${comment}`

export const runSilenceList = Effect.fn("runSilenceList")(function* (config: EngineConfig, all: boolean) {
  const silences = (yield* ask(config, ({ silences }) => silences.list({ query: {} }))).filter(({ state }) => all || state !== "expired")
  if (silences.length === 0) yield* Console.log("no silence stands")
  for (const silence of silences) yield* Console.log(lineOf(silence))
})

export const runSilenceAdd = Effect.fn("runSilenceAdd")(function* (
  config: EngineConfig,
  options: {
    readonly matchers: ReadonlyArray<string>
    readonly period: string
    readonly by: string
    readonly comment: string
    /** Labels that no alert of this configuration has are taken as well. */
    readonly force: boolean
  }
) {
  const matchers = yield* Effect.fromResult(parseMatchers(options.matchers.join(",")))
  const period = yield* Schema.decodeUnknownEffect(Period)(options.period).pipe(
    Effect.mapError(() => new NotDone({ problem: `--for ${options.period} is no length of time such as 30m, 2h or 1d, of at most a year` }))
  )
  for (const text of matchers.map(matcherText)) {
    const problem = unknownLabel(text, knownLabels(config.alerts.rules))
    if (problem === undefined) continue
    // A script would believe that something is silenced.
    if (!options.force) return yield* new NotDone({ problem: `nothing is silenced: ${problem} (--force sets it all the same)` })
    yield* Console.error(`warning: ${problem}`)
  }
  const payload = {
    matchers: matchers.map(matcherText),
    minutes: periodMillis(period) / 60_000,
    createdBy: options.by,
    comment: options.comment
  }
  yield* Console.log(lineOf(yield* ask(config, ({ silences }) => silences.set({ payload }))))
})

export const runSilenceExpire = Effect.fn("runSilenceExpire")(function* (config: EngineConfig, id: string, by: string) {
  yield* Console.log(lineOf(yield* ask(config, ({ silences }) => silences.expire({ params: { id }, query: { by } }))))
})

/** `what` is a fingerprint, or a coin or an `alertname` for all such alerts that fire. */
export const runAcknowledge = Effect.fn("runAcknowledge")(function* (
  config: EngineConfig,
  { what, ...payload }: { readonly what: string; readonly by: string; readonly comment: string }
) {
  const firing = yield* ask(config, ({ alerts }) => alerts.list({ query: {} }))
  const chosen = firing.filter(
    ({ fingerprint, labels, subject }) =>
      fingerprint === what || labels["alertname"] === what || subject === what || subject === what.toUpperCase()
  )
  if (chosen.length === 0) return yield* new NotDone({ problem: `no alert of ${what} fires` })
  for (const { change, fingerprint, labels, subject } of chosen) {
    const { level } = yield* ask(config, ({ alerts }) => alerts.acknowledge({ params: { fingerprint }, payload }))
    yield* Console.log(`${fingerprint} ${subject} (${change?.kind ?? labels["alertname"]}): acknowledged at ${level} by ${payload.by}`)
  }
})
