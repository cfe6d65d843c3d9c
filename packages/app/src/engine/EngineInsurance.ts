/** The configured covers, watched by what the engine's venues say. */
import { EngineView } from "@evenkeel/api/server/EngineView"
import type { Reading } from "@evenkeel/assessment/insurance/Reading"
import { InsuranceWatch } from "@evenkeel/assessment/insurance/InsuranceWatch"
import { Effect, Layer } from "effect"
import type { EngineConfig } from "../config/EngineConfig.ts"
import type { EngineSetup } from "./EngineSetup.ts"

/** What each venue says of the coin by itself, where that is fresh. */
export const ownOf = (view: Pick<EngineView["Service"], "coins">, coin: string, freshMillis: number): Reading["own"] =>
  (view.coins().find((each) => each.coin === coin)?.sources ?? []).flatMap(({ ageMillis, ownDeviationBps, venue }) =>
    ownDeviationBps === null || ageMillis === null || ageMillis > freshMillis ? [] : [{ venue, deviationBps: ownDeviationBps }]
  )

export const layerInsurance = ({ insurance }: Pick<EngineConfig, "insurance">, setup: EngineSetup) =>
  Layer.unwrap(
    Effect.map(EngineView, (view) =>
      InsuranceWatch.layer({
        covers: insurance.terms,
        engine: setup.engineName,
        simulated: setup.simulated,
        own: (coin) => ownOf(view, coin, setup.staleAfterMillis)
      })
    )
  )
