/** `evenkeel consumers`: who follows the log, how far each is, and what it could not handle. */
import * as Effect from "effect/Effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import { config, load } from "./Root.ts"

const list = Command.make(
  "list",
  {},
  Effect.fnUntraced(function* () {
    const known = yield* config
    const { runConsumersList } = yield* load(() => import("../command/Consumers.ts"))
    yield* runConsumersList(known)
  })
).pipe(Command.withDescription("How far each consumer is, and the facts that it has set aside"))

const forget = Command.make(
  "forget",
  { consumer: Argument.String("consumer").pipe(Argument.withDescription("The consumer's name")) },
  Effect.fnUntraced(function* ({ consumer }) {
    const known = yield* config
    const { runConsumersForget } = yield* load(() => import("../command/Consumers.ts"))
    yield* runConsumersForget(known, consumer)
  })
).pipe(Command.withDescription("Forget the facts that a consumer has set aside, so that its health is good again"))

export const consumers = Command.make("consumers").pipe(
  Command.withDescription("Who follows the log"),
  Command.withSubcommands([list, forget])
)
