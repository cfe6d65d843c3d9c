import { assert, describe, it } from "@effect/vitest"
import { levelChange } from "../../test/support/LevelChange.ts"
import { notificationFor } from "../../test/support/Notification.ts"
import { messageOf, textOf } from "./Message.ts"
import { reasonsOf } from "./Reasons.ts"

const { evidence } = levelChange()

describe("the reasons of a level change", () => {
  it("give the value, how long it has stood there, what drove it and who agrees", () => {
    assert.deepStrictEqual(reasonsOf(levelChange()), [
      "fair value 0.99000 ± 0.00010, 100.0 bps below the peg (usually -1.5)",
      "2 bars in a row more than 50 bps below the peg",
      "driven by deviation -100 bps (100%)",
      "venues that agree: kraken"
    ])
  })

  it("name heavy selling, the coin that fell earlier, the model's probabilities and an unknown split", () => {
    const reasons = reasonsOf(
      levelChange({
        evidence: {
          ...evidence,
          flow: { score: -9, surge: 12.04 },
          carrier: "USDC",
          grounded: false,
          model: {
            version: 3,
            horizons: [
              { minutes: 5, probability: 0.091 },
              { minutes: 240, probability: 0.995 }
            ]
          }
        },
        coin: "DAI"
      })
    )
    assert.include(reasons, "heavy taker selling: 12.0x the usual volume of the trailing week")
    assert.include(reasons, "USDC fell earlier and farther: DAI may be falling with it")
    assert.include(reasons, "the model gives a break within 5 m 9.1%, 4 h >99%")
    assert.include(reasons, "no pair reaches the peg's currency: the split between the pair's two coins is unknown")
  })

  it("begin with the venue apart, with the missing price, or with the way back", () => {
    const first = (over: Parameters<typeof levelChange>[0]) => reasonsOf(levelChange(over))[0]
    assert.strictEqual(
      first({ kind: "local", venues: { agree: ["kraken"], differ: ["binance"], own: [] } }),
      "binance stands apart while other sources of USDC hold"
    )
    assert.strictEqual(
      first({ kind: "stale", level: "stale", previous: "watch" }),
      "no fresh price of USDC: the last known level was watch"
    )
    assert.strictEqual(first({ kind: "recovery", previous: "stale", level: "watch" }), "fresh prices of USDC are back")
    assert.strictEqual(first({ kind: "recovery", level: "normal", deviationBps: 4 }), "USDC stands within 4.0 bps of its peg")
  })

  it("name the pairs of a crossing, and a crossing that stands apart", () => {
    const kraken = { venue: "kraken", deviationBps: -40, level: "warning" } as const
    const crossing = { venue: "BTC crossing", deviationBps: -42.4, level: "critical", pairs: ["BTC/USD", "BTC/USDT"] } as const
    const venues = { agree: ["kraken", "BTC crossing"], differ: [], own: [crossing, kraken] }
    const reasons = reasonsOf(levelChange({ coin: "USDT", venues }))
    assert.include(reasons, "by venue: kraken -40 bps")
    assert.include(reasons, "USDT by BTC/USD against BTC/USDT: -42 bps")
    const apart = levelChange({ coin: "USDT", kind: "local", venues: { ...venues, agree: ["kraken"], differ: ["BTC crossing"] } })
    assert.deepStrictEqual(reasonsOf(apart).slice(0, 2), [
      "BTC crossing stands apart while other sources of USDT hold",
      "BTC crossing alone: -42 bps; kraken -40 bps"
    ])
  })

  it("stand below a line that says what happened, with or without colours", () => {
    const notification = notificationFor()
    const [alert] = notification.alerts
    assert.strictEqual(messageOf(alert, false).title, "USDC is losing its peg: -100.0 bps, fair value 0.99000")
    assert.match(messageOf(alert, true).title, /^simulated: USDC is losing its peg/)
    assert.match(textOf(notification, false), /^1970-01-01T00:00:00.000Z CRITICAL USDC is losing its peg: .*\n {4}fair value/)
    const resolved = notificationFor({ status: "resolved", change: levelChange({ level: "normal" }) })
    assert.include(textOf(resolved, true), "\u001b[32mRESOLVED\u001b[0m USDC is normal")
  })
})
