/** `evenkeel consumers`: how far each consumer of the log is, and the facts that it could not handle. */
import { consumerNames, forgetSetAside, lagOf, setAsideBy } from "@evenkeel/store/event/Consumer"
import { Console, Effect } from "effect"
import type { EngineConfig } from "../config/EngineConfig.ts"
import { databaseOf } from "../engine/EngineSetup.ts"

/** The lag counts facts of all families; those that a consumer does not follow are stepped over when it runs. */
export const runConsumersList = Effect.fn("runConsumersList")(function* (config: EngineConfig) {
  const list = Effect.gen(function* () {
    const names = yield* consumerNames
    if (names.length === 0) return yield* Console.log("nobody has followed the log yet")
    for (const name of names) {
      const aside = yield* setAsideBy(name)
      yield* Console.log(`${name}: ${yield* lagOf(name)} facts behind, ${aside.length} set aside`)
      for (const { position, problem } of aside) yield* Console.log(`  fact ${position}: ${problem.split("\n", 1)[0]}`)
    }
  })
  yield* Effect.provide(list, databaseOf(config))
})

export const runConsumersForget = Effect.fn("runConsumersForget")(function* (config: EngineConfig, consumer: string) {
  const forgotten = yield* Effect.provide(forgetSetAside(consumer), databaseOf(config))
  yield* Console.log(`${forgotten} facts that ${consumer} had set aside are forgotten`)
})
