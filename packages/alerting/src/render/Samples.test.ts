import { assert, describe, it } from "@effect/vitest"
import { cardsOf, cardText } from "./Card.ts"
import { sampleNotifications } from "./Samples.ts"

const textOf = (name: string) => cardsOf(sampleNotifications[name]!, { link: undefined }).map(cardText).join("\n\n")

describe("the samples", () => {
  it("say each number once below the title, in words that people know", () =>
    assert.strictEqual(
      textOf("a coin that breaks"),
      [
        "CRITICAL: USDC is losing its peg: -345.5 bps, fair value 0.96545",
        "Deviation: -345.5 bps (usually -0.8)",
        "Fair value: 0.96545 ± 0.00041",
        "Venues, bps: kraken -361.2, coinbase -330.9",
        "Chance of a break: 1 h 93%, 24 h 97%",
        "- heavy taker selling: 8.4x the usual volume of the trailing week",
        "- 3 bars in a row more than 50 bps below the peg",
        "- driven by deviation -345.5 bps (70%), slow drift (cusum) -28.4 (20%), distance from usual -19.1 (10%)",
        "Act now: stop taking USDC, and look at what you hold, lend or accept of it.",
        "2023-03-10T22:00:00.000Z"
      ].join("\n")
    ))

  it("show nothing of a break beside a coin that is back, and of each coin its own venues", () => {
    assert.strictEqual(
      textOf("a coin that is back"),
      [
        "RESOLVED: USDC is normal: -3.1 bps, fair value 0.99969",
        "Deviation: -3.1 bps (usually -0.8)",
        "Fair value: 0.99969 ± 0.00042",
        "Venues, bps: kraken -3.8, coinbase -2.4",
        "- USDC stands within 3.1 bps of its peg",
        "2023-03-11T00:00:00.000Z"
      ].join("\n")
    )
    assert.include(textOf("a group, repeated, of which one alert is acknowledged"), "Venues, bps: kraken -221.7, coinbase -199.1")
  })
})
