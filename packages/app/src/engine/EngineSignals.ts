/** Publishes what the engine knows of coins and of itself, each second, for the rules that people write; see `alerting/rule/Signal` for what each means. */
import { Signals } from "@evenkeel/alerting/rule/Signals"
import { EngineView } from "@evenkeel/api/server/EngineView"
import { InsuranceWatch } from "@evenkeel/assessment/insurance/InsuranceWatch"
import { Oracles } from "@evenkeel/assessment/oracle/Oracles"
import { Detection } from "@evenkeel/detection/host/Detection"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { MarketClock } from "@evenkeel/runtime/time/MarketClock"
import { freeRatio } from "@evenkeel/store/retention/DiskSpace"
import { Effect, Layer } from "effect"
import { EngineNumbers } from "../status/EngineNumbers.ts"
import { coinReadings, coverReadings, engineReadings, oracleReadings, SupplyHistory } from "./SignalReadings.ts"

const publishEvery = "1 second"
const hangsAfter = "5 seconds"
/** The disk is asked once in so many looks. */
const diskEvery = 10

/** `directory` is the data directory. */
export const layerEngineSignals = (directory: string) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const clock = yield* MarketClock
      const detection = yield* Detection
      const numbers = yield* EngineNumbers
      const covers = yield* InsuranceWatch
      const oracles = yield* Oracles
      const signals = yield* Signals
      const supervisor = yield* Supervisor
      const view = yield* EngineView
      const supplies = new SupplyHistory()
      let looks = 0
      let disk: number | null = null
      const publish = Effect.gen(function* () {
        if (looks++ % diskEvery === 0) disk = yield* Effect.orElseSucceed(freeRatio(directory), () => null)
        const disputed = (coin: string) => {
          const state = detection.coin(detection.coins.findIndex(({ symbol }) => symbol === coin))
          return state?.change === "disputed" && state.level !== "normal" && state.level !== "stale"
        }
        yield* signals.publish("coins", coinReadings(view.coins(), { disputed, now: clock(), supplies }))
        yield* signals.publish("oracles", oracleReadings(yield* oracles.assessments))
        yield* signals.publish("covers", coverReadings(covers.status()))
        yield* signals.publish("engine", engineReadings(numbers.last(), disk))
      })
      yield* supervisor.superviseBeating(
        "engine-signals",
        ({ beat, waiting }) => publish.pipe(Effect.andThen(beat), Effect.andThen(waiting(Effect.sleep(publishEvery))), Effect.forever),
        hangsAfter
      )
    })
  )
