/**
 * Answers for the engine's status and its profiles.
 *
 * Profiles are for the machine itself: the connection must come from loopback, and ask for a name of loopback, so that neither a proxy on this
 * machine nor a page in a browser hands them out.
 */
import { Effect, Option } from "effect"
import { HttpServerRequest } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { EngineApi } from "../../contract/EngineApi.ts"
import { NotLocal } from "../../contract/group/Status.ts"
import { EngineStatus } from "../EngineStatus.ts"
import { isLoopbackHost } from "../HostNames.ts"

const local = Effect.gen(function* () {
  const { headers, remoteAddress } = yield* HttpServerRequest.HttpServerRequest
  const address = Option.getOrElse(remoteAddress, () => "")
  const isLocal = /^(::ffff:)?127\.|^::1$/.test(address) && isLoopbackHost(headers["host"]) && headers["x-forwarded-for"] === undefined
  if (!isLocal) return yield* new NotLocal({ problem: "profiles are taken only for who asks on the engine's own machine" })
})

export const status = HttpApiBuilder.group(
  EngineApi,
  "status",
  Effect.fnUntraced(function* (handlers) {
    const engine = yield* EngineStatus
    return handlers.handleAll({
      get: () => engine.status,
      profile: ({ payload }) => Effect.andThen(local, engine.profile(payload.thread, payload.seconds)),
      heap: () => Effect.andThen(local, engine.heap)
    })
  })
)
