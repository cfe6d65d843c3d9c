import { LocalHotPath } from "@evenkeel/detection/host/LocalHotPath"
import { assert, describe, it } from "@effect/vitest"
import { knownCoins } from "@evenkeel/domain/coin/Coin"
import { FrameOutcome, FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { makeLineDecoder } from "./CustomVenue.ts"

describe("a custom venue", () => {
  it("feeds the hot path like any other, and its bad frames are counted", () => {
    const local = new LocalHotPath({
      coins: knownCoins.filter(({ symbol }) => symbol === "DAI"),
      instruments: [{ venue: "lines", symbol: "DAIUSD", base: "DAI", quote: "USD" }],
      venues: [{ id: "lines", decoder: makeLineDecoder }],
      barMillis: 60_000,
      scoreGapMillis: 0
    })
    const feed = (text: string, received: number) =>
      local.feed({ source: FrameSource.socket, venue: 0, received, payload: new TextEncoder().encode(text) })
    const refused: Array<number> = []
    feed("DAIUSD 0.9994 1000 0.9996 1000", 1000)
    feed("BTCUSD 1 1 2 1", 1001)
    feed("DAIUSD what is this", 1002)
    local.signals({ refusal: (outcome) => refused.push(outcome) })
    assert.deepStrictEqual(refused, [FrameOutcome.unlisted, FrameOutcome.malformed])
    const row = new Float64Array(local.state.fields)
    assert.isTrue(local.state.read(0, row))
    assert.closeTo(row[1]!, 0.9995, 1e-5)
  })
})
