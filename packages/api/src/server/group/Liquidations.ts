/** Answers for liquidations, at the fair values of the moment. */
import { assessPositions } from "@evenkeel/assessment/liquidation/AssessPositions"
import { StressQuantiles } from "@evenkeel/assessment/liquidation/ReadQuantiles"
import { MarketClock } from "@evenkeel/runtime/time/MarketClock"
import { Effect, Result } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { EngineApi } from "../../contract/EngineApi.ts"
import { accountsMax, PositionsRefused } from "../../contract/group/Liquidations.ts"
import { EngineView } from "../EngineView.ts"

const firstUsual = 20

export const liquidations = HttpApiBuilder.group(
  EngineApi,
  "liquidations",
  Effect.fnUntraced(function* (handlers) {
    const view = yield* EngineView
    const { quantiles } = yield* StressQuantiles
    const now = yield* MarketClock
    return handlers.handleAll({
      assess: ({ payload: { first, shocks, ...positions } }) =>
        Effect.suspend(() =>
          assessPositions(positions, {
            coins: new Map(view.coins().map((coin) => [coin.coin, coin])),
            quantiles,
            shocks: shocks ?? [],
            first: first ?? firstUsual,
            accountsMax,
            time: now()
          }).pipe(
            Result.mapError((problem) => new PositionsRefused({ problem })),
            Effect.fromResult
          )
        )
    })
  })
)
