/** The market's time, Unix ms: the wall's when live, the simulated market's in a demo. Timeouts and schedules stay on Effect's `Clock`. */
import { Context } from "effect"

export const MarketClock = Context.Reference<() => number>("@evenkeel/runtime/time/MarketClock", {
  defaultValue: () => () => performance.timeOrigin + performance.now()
})
