/** Answers for oracles: each is judged when it is asked for. */
import { Oracles } from "@evenkeel/assessment/oracle/Oracles"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { EngineApi } from "../../contract/EngineApi.ts"
import { UnknownOracle } from "../../contract/group/Oracles.ts"
import { EngineView } from "../EngineView.ts"

export const oracles = HttpApiBuilder.group(
  EngineApi,
  "oracles",
  Effect.fnUntraced(function* (handlers) {
    const { assessments } = yield* Oracles
    const { simulated } = yield* EngineView
    const answers = Effect.map(assessments, (all) => all.map((assessment) => ({ ...assessment, simulated })))
    return handlers.handleAll({
      list: () => answers,
      get: ({ params }) =>
        Effect.flatMap(answers, (all) => {
          const found = all.find(({ feed }) => feed === params.feed)
          return found === undefined ? Effect.fail(new UnknownOracle({ feed: params.feed })) : Effect.succeed(found)
        })
    })
  })
)
