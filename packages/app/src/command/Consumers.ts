/** `evenkeel consumers`: how far each consumer of the log is, and the facts that it could not handle. */
import { consumerNames, forgetSetAside, lagOf, setAsideBy } from "@evenkeel/store/event/Consumer"
import { Console, Effect, Schema } from "effect"
import type { EngineConfig } from "../config/EngineConfig.ts"
import { databaseOfLog } from "./EngineLog.ts"

/** Nobody of this name has followed the log. */
export class UnknownConsumer extends Schema.TaggedError<UnknownConsumer>()("UnknownConsumer", {
  consumer: Schema.String,
  known: Schema.Array(Schema.String)
}) {
  override get message() {
    return `nobody called ${this.consumer} follows the log${this.known.length > 0 ? `; there is ${this.known.join(", ")}` : ""}`
  }
}

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
  yield* Effect.provide(list, databaseOfLog(config))
})

export const runConsumersForget = Effect.fn("runConsumersForget")(function* (config: EngineConfig, consumer: string) {
  const forget = Effect.gen(function* () {
    const known = yield* consumerNames
    if (!known.includes(consumer)) return yield* new UnknownConsumer({ consumer, known })
    yield* Console.log(`${yield* forgetSetAside(consumer)} facts that ${consumer} had set aside are forgotten`)
  })
  yield* Effect.provide(forget, databaseOfLog(config))
})
