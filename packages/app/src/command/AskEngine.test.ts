import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { createServer, type IncomingHttpHeaders } from "node:http"
import type { AddressInfo } from "node:net"
import { loadConfig } from "../config/LoadConfig.ts"
import { runSilenceAdd, runSilenceList } from "./AskEngine.ts"

/** Answers any request with no silences, and keeps what it was asked with. */
const listening = (seen: Array<IncomingHttpHeaders>) =>
  Effect.acquireRelease(
    Effect.callback<ReturnType<typeof createServer>>((resume) => {
      const server = createServer((request, response) => {
        seen.push(request.headers)
        response.setHeader("content-type", "application/json")
        response.end("[]")
      })
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) => Effect.sync(() => server.close())
  )

const configAt = Effect.fnUntraced(function* (seen: Array<IncomingHttpHeaders>) {
  const { port } = (yield* listening(seen)).address() as AddressInfo
  return yield* loadConfig(Option.none(), { EVENKEEL_HTTP_PORT: String(port) })
})

describe("commands that ask the engine", () => {
  it.live("send it no parent of its spans, as they export none", () =>
    Effect.gen(function* () {
      const seen: Array<IncomingHttpHeaders> = []
      yield* runSilenceList(yield* configAt(seen), false)
      assert.lengthOf(seen, 1)
      assert.isUndefined(seen[0]!["traceparent"])
      assert.isUndefined(seen[0]!["b3"])
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.live("silence nothing for a label that no alert has, unless they are forced to", () =>
    Effect.gen(function* () {
      const seen: Array<IncomingHttpHeaders> = []
      const config = yield* configAt(seen)
      const add = (force: boolean) =>
        Effect.flip(runSilenceAdd(config, { matchers: ["cion=USDC"], period: "1h", by: "ann", comment: "why", force }))
      assert.include((yield* add(false)).message, 'nothing is silenced: no alert has the label "cion"')
      assert.isEmpty(seen, "the engine is not even asked")
      yield* add(true)
      assert.lengthOf(seen, 1)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
