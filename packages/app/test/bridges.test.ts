/**
 * Coins that are priced by BTC, through the venues' own protocols: the pair of two coins and BTC in both on one venue, BTC in dollars on another. No pair of a coin
 * reaches the dollar.
 */
import { assert, describe, it } from "@effect/vitest"
import { reasonsOf } from "@evenkeel/alerting/render/Reasons"
import type { Scenario } from "@evenkeel/connectors/simulated/Scenario"
import { type LevelChange, severity } from "@evenkeel/domain/risk/RiskLevel"
import { coinState, stateFields } from "@evenkeel/detection/hotpath/SignalRecord"
import { instrumentKey } from "@evenkeel/domain/market/Instrument"
import { parseInstrument } from "../src/engine/EngineSetup.ts"
import { type LocalConnection, playMarket } from "./support/LocalMarket.ts"

const minute = 60_000
const startsAt = Date.UTC(2030, 0, 7)
const minutes = 22
/** What happens begins here. */
const from = 8

/** How far an asset or coin has moved at a minute, bps. */
type Moves = Readonly<Record<string, (minute: number) => number>>

const scenarioOf = (moves: Moves, lagMillis = 0): Scenario => ({
  name: "bridges",
  startsAt,
  durationMillis: minutes * minute,
  valueBps: (coin, time) => moves[coin]?.((time - lagMillis - startsAt) / minute) ?? 0,
  venueBps: () => 0,
  liquidity: () => 1
})

const books = ["binance:USDCUSDT:USDC:USDT", "binance:BTCUSDT:BTC:USDT", "binance:BTCUSDC:BTC:USDC", "coinbase:BTC-USD:BTC:USD"].map(
  parseInstrument
)

/** Every book on a connection of its own; on those that `wild` names by their keys other things happen. */
const play = (moves: Moves, { bridges = ["BTC"], lagMillis = 0, wild = {} as Readonly<Record<string, Moves>> } = {}) =>
  playMarket({
    coins: ["USDT", "USDC"],
    bridges,
    minutes,
    stepMillis: 4000,
    connections: books.map((book): LocalConnection => {
      const late = book.venue === "coinbase" ? lagMillis : 0
      return {
        venue: book.venue === "coinbase" ? "coinbase" : "binance",
        pairs: [book],
        scenario: scenarioOf({ ...moves, ...wild[instrumentKey(book)] }, late)
      }
    })
  })

const told = (changes: ReadonlyArray<LevelChange>) => changes.map(({ coin, kind, level }) => `${coin} ${kind} ${level}`)
const alarms = (changes: ReadonlyArray<LevelChange>) => told(changes.filter(({ level }) => severity(level) >= severity("warning")))
/** BTC goes up and down by some bps a minute. */
const waves = (at: number) => 20 * Math.sin(at) + 8 * Math.sin(at * 7)
const falls =
  (depth: number, within = 1) =>
  (at: number) =>
    -depth * Math.max(0, Math.min(1, (at - from) / within))

describe("a bridge", () => {
  it("grounds coins: where nothing happens they stand at their pegs, and nothing is said", () => {
    const { changes, local } = play({ BTC: waves })
    assert.deepStrictEqual(told(changes), [])
    const row = new Float64Array(stateFields)
    for (const coin of [0, 1]) {
      assert.isTrue(local.state.read(coin, row))
      assert.strictEqual(row[coinState.grounded], 1)
      assert.isBelow(Math.abs(row[coinState.deviationBps]!), 3)
      assert.isBelow(row[coinState.errorBps]!, 10)
    }
  })

  it("names the coin that broke, which the pair of two coins alone cannot", () => {
    const moves: Moves = { BTC: waves, USDT: falls(300) }
    const { changes } = play(moves)
    assert.deepStrictEqual([...new Set(changes.map(({ coin, kind }) => `${coin} ${kind}`))], ["USDT break"])
    const last = changes.at(-1)!
    assert.strictEqual(last.level, "critical")
    assert.isTrue(last.evidence.grounded)
    assert.isNull(last.evidence.share)
    assert.isAtMost(last.time, startsAt + (from + 4) * minute)
    assert.include(last.venues.agree, "BTC crossing")
    assert.match(reasonsOf(last).join("\n"), /^USDT by BTC\/USD against BTC\/USDT: -\d+ bps$/m)
    const without = play(moves, { bridges: [] }).changes
    assert.notInclude(alarms(without), "USDT break critical")
  })

  it("that falls by a tenth in a minute is no move of any coin, also where one venue is seconds behind", () => {
    const crash: Moves = { BTC: (at) => waves(at) + falls(1000)(at) }
    assert.deepStrictEqual(told(play(crash).changes), [])
    assert.deepStrictEqual(alarms(play(crash, { lagMillis: 6000 }).changes), [])
  })

  it("of which one venue's book goes astray makes no coin a loss, whichever book it is", () => {
    // Down, back, and up; then wherever it likes.
    const astray = (at: number) => (at < from ? 0 : at < from + 4 ? -500 : at < from + 5 ? 0 : at < from + 9 ? 500 : 500 * Math.sin(at * 3))
    for (const book of books.slice(1).map(instrumentKey)) {
      const { changes } = play({ BTC: waves }, { wild: { [book]: { BTC: (at) => waves(at) + astray(at) } } })
      assert.deepStrictEqual(alarms(changes), [], book)
    }
  })
})
