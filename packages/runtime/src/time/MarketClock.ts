/** The market's time, Unix ms: the wall's clock, unless a demo or a test provides another. */
import { Context } from "effect"

export const MarketClock = Context.Reference<() => number>("@evenkeel/runtime/time/MarketClock", {
  defaultValue: () => () => performance.timeOrigin + performance.now()
})
