/** Answers for liquidations, at the fair values of the moment. */
import { assessInSlices } from "@evenkeel/assessment/liquidation/AssessPositions"
import { duplicateWords } from "@evenkeel/assessment/liquidation/PositionsInput"
import { duplicateKeyOf } from "@evenkeel/assessment/json/DuplicateKey"
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
      assess: Effect.fnUntraced(function* ({ payload: { first, shocks, ...positions }, request }) {
        const refuse = (problem: string) => new PositionsRefused({ problem })
        // What decodes, looks for keys that are there twice, and computes may each take tens of milliseconds: others are served in between.
        yield* Effect.yieldNow
        const twice = duplicateKeyOf(yield* Effect.orDie(request.text))
        if (twice !== undefined) return yield* refuse(duplicateWords(twice))
        yield* Effect.yieldNow
        const slices = assessInSlices(positions, {
          coins: new Map(view.coins().map((coin) => [coin.coin, coin])),
          quantiles,
          shocks: shocks ?? [],
          first: first ?? firstUsual,
          accountsMax,
          time: now(),
          simulated: view.simulated
        })
        for (;;) {
          const step = slices.next()
          if (step.done === true) return yield* Effect.fromResult(Result.mapError(step.value, refuse))
          yield* Effect.yieldNow
        }
      })
    })
  })
)
