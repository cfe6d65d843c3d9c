/** Answers for coins, from the engine's latest state. */
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { EngineApi } from "../../contract/EngineApi.ts"
import { UnknownCoin } from "../../contract/group/Coins.ts"
import { EngineView } from "../EngineView.ts"

export const coins = HttpApiBuilder.group(
  EngineApi,
  "coins",
  Effect.fnUntraced(function* (handlers) {
    const view = yield* EngineView
    return handlers.handleAll({
      list: () => Effect.sync(() => view.coins()),
      get: ({ params }) =>
        Effect.suspend(() => {
          const found = view.coins().find(({ coin }) => coin === params.coin.toUpperCase())
          return found === undefined ? Effect.fail(new UnknownCoin({ coin: params.coin })) : Effect.succeed(found)
        })
    })
  })
)
