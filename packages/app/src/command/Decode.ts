/** `evenkeel decode`: a venue's own decoder over a capture, as a summary or as one normalised event a line. */
import { readCapture } from "@evenkeel/connectors/capture/Capture"
import type { MarketEvent } from "@evenkeel/domain/market/MarketEvent"
import type { VenueId } from "@evenkeel/domain/market/Venue"
import { Console, Effect } from "effect"
import { CaptureDecoding } from "@evenkeel/replay/capture/CaptureDecoding"

/** Lines handed to standard output at a time. */
const linesMax = 1000

export const runDecode = Effect.fn("runDecode")(function* (options: {
  readonly venue: VenueId
  readonly file: string
  readonly summary: boolean
}) {
  const records = yield* readCapture(options.file)
  const lines: Array<string> = []
  const decoding = new CaptureDecoding(
    options.venue,
    options.summary ? undefined : (event: MarketEvent) => lines.push(JSON.stringify(event))
  )
  for (const record of records) {
    decoding.feed(record)
    if (lines.length >= linesMax) yield* Console.log(lines.splice(0).join("\n"))
  }
  if (lines.length > 0) yield* Console.log(lines.join("\n"))
  const summary = decoding.summary()
  const { malformed, unknown } = summary.outcomes
  if (malformed + unknown > 0) yield* Effect.logWarning("some frames could not be used", { malformed, unknown, frames: summary.frames })
  if (options.summary) yield* Console.log(JSON.stringify(summary))
})
