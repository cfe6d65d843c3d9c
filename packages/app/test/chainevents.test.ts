/** What chains say, in the hot path: pools weigh in, an untrue block is taken back, supplies are kept. */
import { assert, describe, it } from "@effect/vitest"
import { decodedSources } from "@evenkeel/connectors/exchange/Decoders"
import { coinState, instrumentState, stateFields } from "@evenkeel/detection/hotpath/SignalRecord"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { EventKind, eventPayload } from "@evenkeel/domain/market/MarketRecord"
import { sourceIds } from "@evenkeel/domain/market/Venue"
import { LocalHotPath } from "@evenkeel/detection/host/LocalHotPath"

const instruments = [
  { venue: "ethereum", symbol: "pool", base: "USDC", quote: "USDT" },
  { venue: "ethereum", symbol: "feed", base: "USDT", quote: "USD" },
  { venue: "ethereum", symbol: "supply", base: "USDC", quote: "USD" }
]

const blockMillis = 12_000
const day = 86_400_000

const makeMarket = () => {
  const local = new LocalHotPath({
    coins: ["USDT", "USDC"].flatMap((symbol) => coinOf(symbol) ?? []),
    instruments,
    venues: decodedSources,
    barMillis: 60_000,
    scoreGapMillis: 0
  })
  let now = 1_700_000_000_000
  const say = (instrument: number, kind: EventKind, ...numbers: ReadonlyArray<number>) =>
    sayOf(instrument, kind, now + blockMillis, ...numbers)
  /** With a time of its own, which may lie before the block's. */
  const sayOf = (instrument: number, kind: EventKind, at: number, ...numbers: ReadonlyArray<number>) => {
    now += blockMillis
    local.feed({
      source: FrameSource.event,
      venue: sourceIds.indexOf("ethereum"),
      instrument,
      received: now,
      payload: eventPayload(kind, [at, ...numbers])
    })
  }
  const row = new Float64Array(stateFields)
  const read = (index: number, field: number) => (local.state.read(index, row) ? row[field]! : Number.NaN)
  return { now: () => now, read, say, sayOf }
}

describe("chain events in the hot path", () => {
  it("a deep pool moves the coin that it sells, and a withdrawn block takes it back", () => {
    const { read, say } = makeMarket()
    say(1, EventKind.oracle, 1)
    say(0, EventKind.pool, 0.97, 0.6, 5e6, 5e6, 0.99)
    assert.closeTo(read(1, coinState.fairValue), 0.97, 0.002)
    assert.closeTo(read(0, coinState.fairValue), 1, 0.002)
    assert.strictEqual(read(2, instrumentState.imbalance), 0.6)
    assert.strictEqual(read(2, instrumentState.averagePrice), 0.99)
    say(0, EventKind.withdrawn)
    assert.isNaN(read(2, instrumentState.lastPrice))
    assert.isNaN(read(2, instrumentState.imbalance))
    say(1, EventKind.oracle, 1.0001)
    assert.isNaN(read(1, coinState.fairValue), "nobody prices it now")
    say(0, EventKind.pool, 1, 0, 5e6, 5e6, 0.99)
    assert.closeTo(read(1, coinState.fairValue), 1, 0.001)
  })

  it("a feed speaks of the time of its round, within what it promises, and not at all once it is frozen", () => {
    const { now, read, say, sayOf } = makeMarket()
    const [deviationBps, heartbeat] = [25, day]
    // Read in each block, written at the start.
    const written = now()
    const round = (price: number) => sayOf(1, EventKind.oracle, written, price, deviationBps, heartbeat)
    round(1)
    assert.strictEqual(read(3, instrumentState.errorBps), deviationBps)
    say(0, EventKind.pool, 0.95, 0, 5e6, 5e6, 0.95)
    assert.closeTo(read(1, coinState.fairValue), 0.95, 0.003)
    sayOf(1, EventKind.oracle, now() - 3 * day, 1, deviationBps, heartbeat)
    assert.isNaN(read(3, instrumentState.lastPrice), "a feed that is three days old")
    sayOf(1, EventKind.oracle, now() - 2 * heartbeat, 1, Number.NaN, Number.NaN)
    assert.strictEqual(read(3, instrumentState.lastPrice), 1, "nothing is promised of rounds in a file")
  })

  it("a shallow pool says little, and a price that is none says nothing", () => {
    const { read, say } = makeMarket()
    say(1, EventKind.oracle, 1)
    say(0, EventKind.pool, 1, 0, 5e6, 5e6, Number.NaN)
    const deep = read(1, coinState.errorBps)
    const shallow = makeMarket()
    shallow.say(1, EventKind.oracle, 1)
    shallow.say(0, EventKind.pool, 1, 0, 100, 100, Number.NaN)
    assert.isAbove(shallow.read(1, coinState.errorBps), deep * 1.2)
    say(0, EventKind.pool, Number.NaN, 0, 0, 0, Number.NaN)
    assert.closeTo(read(1, coinState.fairValue), 1, 0.001)
  })

  it("a rate-bearing coin is judged against its own trend", () => {
    const local = new LocalHotPath({
      coins: ["USDT", "SUSDE"].flatMap((symbol) => coinOf(symbol) ?? []),
      instruments: [
        { venue: "ethereum", symbol: "feed", base: "USDT", quote: "USD" },
        { venue: "ethereum", symbol: "pool", base: "SUSDE", quote: "USDT" }
      ],
      venues: decodedSources,
      barMillis: 60_000,
      scoreGapMillis: 0
    })
    const changes: Array<string> = []
    let now = 1_700_000_000_000
    const minutes = (count: number, price: (minute: number) => number) => {
      for (let minute = 0; minute < count; minute++) {
        now += 60_000
        for (const [instrument, kind, ...numbers] of [
          [0, EventKind.oracle, 1],
          [1, EventKind.pool, price(minute), 0, 5e6, 5e6, Number.NaN]
        ] as const) {
          const payload = eventPayload(kind, [now, ...numbers])
          local.feed({ source: FrameSource.event, venue: sourceIds.indexOf("ethereum"), instrument, received: now, payload })
          local.signals({ levelChange: ({ coin, level }) => changes.push(`${coin} ${level}`) })
        }
      }
    }
    // Twelve percent above a dollar and growing by ten percent a year: nothing is wrong.
    minutes(2000, (minute) => 1.12 + minute * 2e-7 + (minute % 2) * 1e-5)
    assert.deepStrictEqual(changes, [])
    minutes(120, (minute) => 1.06 + (minute % 2) * 1e-5)
    assert.isTrue(changes.includes("SUSDE critical"), changes.join())
    assert.isFalse(
      changes.some((change) => change.startsWith("USDT")),
      changes.join()
    )
  })

  it("supplies are kept beside their coin and price nothing", () => {
    const { read, say } = makeMarket()
    say(1, EventKind.oracle, 1)
    say(2, EventKind.supply, 40e9, 1e9, 5e8)
    assert.strictEqual(read(4, instrumentState.supply), 40e9)
    assert.strictEqual(read(4, instrumentState.minted), 1e9)
    assert.strictEqual(read(4, instrumentState.burned), 5e8)
    assert.isNaN(read(4, instrumentState.residualBps))
  })
})
