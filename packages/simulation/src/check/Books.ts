/** No wrong book is served as good: the best levels of a good book are ones that the venue had. */
import { Detection } from "@evenkeel/detection/host/Detection"
import { Context } from "effect"
import { upOn, type World } from "../world/World.ts"

/** A good book is at most so old: in that time a connection that carries nothing is noticed. */
const ageMillisMax = 90_000

export const wrongBooks = ({ machines, time, venues }: World): ReadonlyArray<string> =>
  machines.flatMap((machine) => {
    const run = upOn(machine)
    if (run === undefined) return []
    const detection = Context.get(run.services, Detection)
    return run.choice.instruments.flatMap(({ symbol, venue }, number) => {
      const state = detection.instrument(number)
      const quoted = venues.get(venue)?.quoted.get(symbol)
      if (state?.book !== "good" || quoted === undefined) return []
      const { ask, bid } = state
      const isTrue = quoted.some((quote, index) => {
        const until = quoted[index + 1]?.since ?? Number.POSITIVE_INFINITY
        return quote.bid === bid && quote.ask === ask && until > time.elapsed - ageMillisMax
      })
      return isTrue
        ? []
        : [`${machine.name}: the book of ${venue} ${symbol} is served as good at ${bid} / ${ask}, which the venue never had`]
    })
  })
