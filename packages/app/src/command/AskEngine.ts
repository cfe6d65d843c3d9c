/** Asks the engine that runs, at the address that is configured: `evenkeel alerts silence` and `ack`, and what other commands ask. */
import { parseMatchers } from "@evenkeel/alerting/route/Matcher"
import { Period, periodMillis } from "@evenkeel/alerting/route/Period"
import type { SilenceView } from "@evenkeel/alerting/mute/Silence"
import { EngineApi } from "@evenkeel/api/contract/EngineApi"
import { matcherText } from "@evenkeel/alerting/route/Matcher"
import { Console, DateTime, Effect, Schema } from "effect"
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

export const ask = <A>(
  config: EngineConfig,
  question: (client: HttpApiClient.ForApi<typeof EngineApi>) => Effect.Effect<A, { readonly message: string }>
) =>
  Effect.flatMap(HttpApiClient.make(EngineApi, { baseUrl: addressOf(config) }), question).pipe(
    Effect.mapError(
      (error) =>
        new NotDone({
          problem:
            "_tag" in error && error._tag === "HttpClientError"
              ? `no engine answers at ${addressOf(config)}: does one run, with this configuration? (${error.message})`
              : error.message
        })
    ),
    Effect.provide(NodeHttpClient.layerUndici)
  )

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
  options: { readonly matchers: ReadonlyArray<string>; readonly period: string; readonly by: string; readonly comment: string }
) {
  const matchers = yield* Effect.fromResult(parseMatchers(options.matchers.join(",")))
  const period = yield* Schema.decodeUnknownEffect(Period)(options.period).pipe(
    Effect.mapError(() => new NotDone({ problem: `--for ${options.period} is no length of time such as 30m, 2h or 1d` }))
  )
  const payload = {
    matchers: matchers.map(matcherText),
    minutes: periodMillis(period) / 60_000,
    createdBy: options.by,
    comment: options.comment
  }
  yield* Console.log(lineOf(yield* ask(config, ({ silences }) => silences.set({ payload }))))
})

export const runSilenceExpire = Effect.fn("runSilenceExpire")(function* (config: EngineConfig, id: string) {
  yield* Console.log(lineOf(yield* ask(config, ({ silences }) => silences.expire({ params: { id } }))))
})

/** `what` is a fingerprint, or a coin for all of its alerts that fire. */
export const runAcknowledge = Effect.fn("runAcknowledge")(function* (
  config: EngineConfig,
  { what, ...payload }: { readonly what: string; readonly by: string; readonly comment: string }
) {
  const firing = yield* ask(config, ({ alerts }) => alerts.list({ query: {} }))
  const chosen = firing.filter(({ change, fingerprint }) => fingerprint === what || change.coin === what.toUpperCase())
  if (chosen.length === 0) return yield* new NotDone({ problem: `no alert of ${what} fires` })
  for (const { change, fingerprint } of chosen) {
    const { level } = yield* ask(config, ({ alerts }) => alerts.acknowledge({ params: { fingerprint }, payload }))
    yield* Console.log(`${fingerprint} ${change.coin} (${change.kind}): acknowledged at ${level} by ${payload.by}`)
  }
})
