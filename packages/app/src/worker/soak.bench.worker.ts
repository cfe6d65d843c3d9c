/**
 * The venues of the soak, in a process of their own, so that their work is not the engine's: recorded sessions played by replay servers at a
 * rate, or venues that live and answer.
 */
import type { Endpoints } from "@evenkeel/connectors/exchange/Exchange"
import { makeReplayServer } from "@evenkeel/connectors/replay/ReplayServer"
import { scenarios } from "@evenkeel/connectors/simulated/Scenario"
import { recordSession } from "@evenkeel/connectors/simulated/Session"
import { makeSimulatedVenue } from "@evenkeel/connectors/simulated/SimulatedVenue"
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import type { VenueId } from "@evenkeel/domain/market/Venue"
import { Effect } from "effect"

export type SoakOrder = { readonly instruments: ReadonlyArray<Instrument> } & (
  | { readonly kind: "replay"; readonly framesPerVenue: number; readonly framesPerSecond: number }
  /** Market milliseconds in a real one; steps of the market at once, and real milliseconds between two such bursts. */
  | { readonly kind: "live"; readonly speed: number; readonly stepMillis: number; readonly stepsAtOnce: number }
)

export interface SoakVenue {
  readonly venue: VenueId
  readonly endpoints: Endpoints
}

const order = JSON.parse(process.argv[2]!) as SoakOrder
const began = performance.now()
const scenario = scenarios.calm()

const open = (venue: VenueId, instruments: ReadonlyArray<Instrument>, seed: number) =>
  order.kind === "live"
    ? makeSimulatedVenue({
        venue,
        instruments,
        scenario,
        seed,
        clock: () => scenario.startsAt + (performance.now() - began) * order.speed,
        stepMillis: order.stepMillis,
        stepsAtOnce: order.stepsAtOnce
      }).pipe(Effect.map(({ endpoints }) => ({ endpoints, sent: () => Number.NaN })))
    : makeReplayServer({
        records: recordSession({ venue, instruments, scenario, seed, frames: order.framesPerVenue }),
        framesPerSecond: order.framesPerSecond,
        sliceMillis: 1
      })

const program = Effect.gen(function* () {
  const venues: Array<SoakVenue> = []
  const counts: Array<() => number> = []
  for (const [venue, instruments] of Map.groupBy(order.instruments, (instrument) => instrument.venue as VenueId)) {
    const { endpoints, sent } = yield* open(venue, instruments, venues.length + 1)
    counts.push(sent)
    venues.push({ venue, endpoints })
  }
  // What recording left behind is collected before the clock runs.
  globalThis.gc?.()
  process.on("message", () => process.send!(counts.reduce((sum, sent) => sum + sent(), 0)))
  process.send!(venues)
  return yield* Effect.never
})

Effect.runFork(Effect.scoped(program))
