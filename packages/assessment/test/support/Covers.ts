/** Terms and readings for tests: USDC, minute by minute. */
import type { CoinState } from "@evenkeel/detection/host/States"
import { Schema } from "effect"
import type { Reading } from "../../src/insurance/Reading.ts"
import { Terms } from "../../src/insurance/Terms.ts"

export const startsAt = Date.UTC(2030, 0, 7)
export const minute = 60_000

const decode = Schema.decodeUnknownSync(Terms)

/** What is undefined in `over` is left out. */
export const termsOf = (over: object = {}): Terms =>
  decode(
    JSON.parse(
      JSON.stringify({
        name: "usdc-95",
        coin: "USDC",
        price: 0.95,
        condition: "continuous",
        minutes: 5,
        sources: "all",
        minSources: 2,
        gapMinutesMax: 2,
        from: "2030-01-07T00:00:00Z",
        until: "2030-01-08T00:00:00Z",
        ...over
      })
    )
  )

/** The reading of minute `at`, from 1. */
export const readingOf = (at: number, price: number, over: Partial<Reading> = {}): Reading => ({
  coin: "USDC",
  time: startsAt + at * minute,
  fairValue: price,
  errorBps: 1,
  deviationBps: (price - 1) * 1e4,
  level: "critical",
  grounded: true,
  agree: 2,
  own: [],
  ...over
})

/** The state that gives that reading. */
export const stateOf = (at: number, price: number): CoinState => {
  const { deviationBps, errorBps, fairValue, grounded, level, time } = readingOf(at, price)
  return {
    coin: "USDC",
    time,
    fairValue,
    errorBps,
    deviationBps,
    level,
    change: "break",
    since: null,
    grounded,
    share: null,
    venues: { agree: ["kraken", "okx"], differ: [] },
    detectors: { baselineBps: null, score: null, cusum: null, changepoint: null },
    model: null
  }
}
