/** Answers for oracles: each is judged when it is asked for. */
import { Oracles } from "@evenkeel/assessment/oracle/Oracles"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { EngineApi } from "../../contract/EngineApi.ts"
import { UnknownOracle } from "../../contract/group/Oracles.ts"

export const oracles = HttpApiBuilder.group(
  EngineApi,
  "oracles",
  Effect.fnUntraced(function* (handlers) {
    const { assessments } = yield* Oracles
    return handlers.handleAll({
      list: () => assessments,
      get: ({ params }) =>
        Effect.flatMap(assessments, (all) => {
          const found = all.find(({ feed }) => feed === params.feed)
          return found === undefined ? Effect.fail(new UnknownOracle({ feed: params.feed })) : Effect.succeed(found)
        })
    })
  })
)
