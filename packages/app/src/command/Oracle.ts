/** `evenkeel oracle`: asks the engine that runs how the configured feeds stand. */
import { oracleLine } from "@evenkeel/assessment/oracle/OracleText"
import { Console, Effect, Option } from "effect"
import type { EngineConfig } from "../config/EngineConfig.ts"
import { ask, NotDone } from "./AskEngine.ts"

/** True where every feed that was asked for is safe. */
export const runOracle = Effect.fn("runOracle")(function* (
  config: EngineConfig,
  options: { readonly coin: Option.Option<string>; readonly feed: Option.Option<string>; readonly json: boolean }
) {
  const all = yield* ask(config, ({ oracles }) => oracles.list({ query: {} }))
  const isAsked = (asked: Option.Option<string>, value: string) => Option.isNone(asked) || asked.value.toUpperCase() === value.toUpperCase()
  const found = all.filter(({ coin, feed }) => isAsked(options.coin, coin) && isAsked(options.feed, feed))
  if (found.length === 0)
    return yield* new NotDone({
      problem: all.length === 0 ? "the engine that runs has no `oracles` in its configuration" : "no feed is of that name and coin"
    })
  if (options.json) yield* Console.log(JSON.stringify(found))
  else
    for (const assessment of found)
      yield* Console.log(`${assessment.simulated ? "simulated: " : ""}${assessment.feed} ${assessment.coin}: ${oracleLine(assessment)}`)
  return found.every(({ verdict }) => verdict === "safe")
})
