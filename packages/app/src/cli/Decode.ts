/** `evenkeel decode`: a capture through a venue's decoder. */
import { venueIds } from "@evenkeel/domain/market/Venue"
import * as Effect from "effect/Effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { load, logs } from "./Root.ts"

export const decode = Command.make(
  "decode",
  {
    file: Argument.String("file").pipe(Argument.withDescription("A capture: JSON Lines, plain or gzip")),
    venue: Flag.Literals("venue", venueIds).pipe(Flag.withDescription("The venue whose frames it holds")),
    summary: Flag.Boolean("summary").pipe(Flag.withDescription("Books, trades and counts instead of events"), Flag.withDefault(false))
  },
  Effect.fnUntraced(function* (options) {
    const { runDecode } = yield* load(() => import("../command/Decode.ts"))
    yield* Effect.provide(runDecode(options), logs)
  })
).pipe(Command.withDescription("Decode a capture with a venue's own decoder"))
