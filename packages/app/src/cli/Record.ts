/** `evenkeel record`: raw frames into a journal. */
import { venueIds } from "@evenkeel/domain/market/Venue"
import * as Effect from "effect/Effect"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { positive } from "./Parameters.ts"
import { config, load, logs } from "./Root.ts"

export const record = Command.make(
  "record",
  {
    out: Flag.String("out").pipe(Flag.withDescription("Directory of the journal; recording when left out"), Flag.withDefault("recording")),
    venues: Flag.Literals("venue", venueIds).pipe(
      Flag.withDescription("Only this venue; may be given again. Every venue of the configured instruments when left out"),
      Flag.between(0, venueIds.length)
    ),
    seconds: positive("seconds").pipe(Flag.withDescription("Stop after so many seconds"), Flag.optional)
  },
  Effect.fnUntraced(function* ({ out, seconds, venues }) {
    const known = yield* config
    const { runRecord } = yield* load(() => import("../command/Record.ts"))
    yield* Effect.provide(runRecord(known, { directory: out, venues, seconds }), logs)
  })
).pipe(Command.withDescription("Keep the raw frames of venues in a journal"))
