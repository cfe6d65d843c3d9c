/**
 * Calls an address at each interval while the engine is ready: whoever listens there (healthchecks.io, a dead man's switch) pages somebody
 * when the calls stop, be it that the engine is not ready, is dead, or cannot reach anybody.
 *
 * A call that fails is said and never stops the engine: the next one is a new try. The address may hold a key, so that only its host is shown.
 *
 * By the protocol of healthchecks.io each call tells what does not run, and while the engine is not ready its failure is called
 * (`/fail`), which pages at once (healthchecks.io/docs/signaling_failures). Without it, calls have no body and stop instead.
 */
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { sendHidden, shownProblem } from "@evenkeel/runtime/telemetry/HiddenAddress"
import { Metrics } from "@evenkeel/runtime/telemetry/Metrics"
import { Duration, Effect, Layer, Metric, Redacted } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import type { EngineConfig } from "../config/EngineConfig.ts"

const component = "heartbeat"
/** A call takes this long at most, or an interval where that is shorter. */
const callMax = Duration.seconds(10)
/** Of what is told of the components, in characters; healthchecks.io keeps 100 kB. */
const wordsMax = 10_000

/** The address of a failure: behind the path, before the query. */
const failureAddress = (address: string): string => {
  const url = new URL(address)
  url.pathname = `${url.pathname.replace(/\/$/, "")}/fail`
  return url.href
}

export const layerHeartbeat = ({
  everySeconds,
  protocol,
  url
}: EngineConfig["heartbeat"]): Layer.Layer<never, never, HealthRegistry | Supervisor | HttpClient.HttpClient> => {
  const address = Redacted.value(url)
  if (address === "") return Layer.empty
  const { host } = new URL(address)
  const every = Duration.seconds(everySeconds)
  return Layer.effectDiscard(
    Effect.gen(function* () {
      const health = yield* HealthRegistry
      const supervisor = yield* Supervisor
      const client = yield* HttpClient.HttpClient
      let said = ""
      const report = Effect.fnUntraced(function* (outcome: "sent" | "failed" | "withheld", problem: string) {
        yield* Metric.update(Metric.withAttributes(Metrics.heartbeats, { outcome }), 1)
        if (problem !== said && problem !== "") yield* Effect.logWarning("no heartbeat was sent", { host, problem })
        said = problem
        yield* problem === ""
          ? health.report(component, "running", `to ${host}`)
          : health.report(component, "degraded", `${host}: ${problem}`)
      })
      const tells = protocol === "healthchecks"
      /** What does not run as it should, a line each. */
      const troubles = Effect.map(health.snapshot, (components) =>
        components
          .filter((each) => each.component !== component && each.status !== "running" && each.status !== "stopped")
          .map((each) => `${each.component}: ${each.status} ${each.detail}`)
          .join("\n")
          .slice(0, wordsMax)
      )
      const send = (request: HttpClientRequest.HttpClientRequest) =>
        sendHidden(client, request).pipe(
          Effect.map(({ status }) => (status >= 200 && status < 300 ? "" : `answered ${status}`)),
          Effect.catchTag("HttpClientError", (error) => Effect.succeed(shownProblem(error))),
          Effect.timeoutOrElse({ duration: Duration.min(callMax, every), orElse: () => Effect.succeed("no answer in time") }),
          Effect.scoped
        )
      const callWith = (target: string, words: string) =>
        send(HttpClientRequest.post(target).pipe(words === "" ? (same) => same : HttpClientRequest.bodyText(words)))
      const beat = Effect.gen(function* () {
        const ready = yield* health.ready
        if (!ready && !tells) return yield* report("withheld", "the engine is not ready")
        const problem = yield* callWith(ready ? address : failureAddress(address), tells ? yield* troubles : "")
        if (problem !== "") return yield* report("failed", problem)
        yield* ready ? report("sent", "") : report("withheld", "the engine is not ready, which was told")
      })
      yield* supervisor.superviseBeating(
        component,
        // A call has a bound of its own.
        ({ waiting }) => waiting(Effect.andThen(beat, Effect.sleep(every))).pipe(Effect.forever),
        "5 seconds"
      )
    })
  )
}
