import { assert, describe, it } from "@effect/vitest"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { Counters, venueCounters } from "./Counters.ts"
import { Crossings } from "./Crossings.ts"
import { Market, time } from "./Market.ts"
import { Observations } from "./Observations.ts"

const startsAt = 1_700_000_040_000
const second = 1000
const venues = ["binance", "kraken", "coinbase", "bitstamp"]
/** What a pair says: its price is `level` moved by so many bps, with a spread of `spreadBps`. */
type Said = Readonly<Record<string, number>>

const levels: Readonly<Record<string, number>> = { BTC: 60_000, ETH: 3000, SOL: 150 }
const setup = (pairs: ReadonlyArray<string>, bridges = ["BTC"]) => {
  const instruments = pairs.map((pair) => {
    const [venue = "", base = "", quote = ""] = pair.split(" ")
    return { venue, symbol: `${base}${quote}`, base, quote }
  })
  const coins = ["USDT", "USDC", "EURC"].map((symbol) => coinOf(symbol)!)
  const market = new Market({ coins, instruments, spareInstruments: 1, bridges, venues: venues.map((id) => ({ id })) })
  const counts = new Uint32Array(venueCounters.length * venues.length + 1)
  const observations = new Observations(market, new Counters(counts, venues.length))
  const crossings = new Crossings(market)
  const quote = (pair: number, mid: number, spreadBps = 1) =>
    observations.quote(market.instruments[pair]!, mid * (1 - spreadBps / 2e4), 1e6, mid * (1 + spreadBps / 2e4), 1e6)
  /** Each pair moved by its bps at a time, in the order in which they are named. */
  const say = (said: Said, at: number) => {
    market.times[time.now] = startsAt + at
    for (const [pair, bps] of Object.entries(said)) {
      const base = pair.split(" ")[1]!
      quote(pairs.indexOf(pair), (levels[base] ?? 1) * Math.exp(bps / 1e4))
    }
  }
  /** What a bridge says of a coin, and its error; undefined while it says nothing. */
  const of = (coin: string, bridge = bridges[0]!) => {
    const base = market.coinNumber(coin)
    const { source } = market.bySource.find((track) => track.bridge === bridges.indexOf(bridge) && track.base === base)!
    const [bps, error, observedAt] = market.value.save(source)
    return observedAt === Number.NEGATIVE_INFINITY ? undefined : { bps: bps!, error: error!, at: observedAt! - startsAt }
  }
  const refresh = (at: number, judging = true) => crossings.refresh(startsAt + at, judging)
  return { counts, market, observations, of, quote, refresh, say }
}
/** Books of BTC: dollars on three venues, USDT and USDC on two. */
const wide = [
  "kraken BTC USD",
  "coinbase BTC USD",
  "bitstamp BTC USD",
  "binance BTC USDT",
  "kraken BTC USDT",
  "binance BTC USDC",
  "kraken BTC USDC"
]
const calm = Object.fromEntries(wide.map((pair) => [pair, 0]))
/** The least that prices USDT: each leg on one venue, and the pair of the two coins. */
const narrow = ["coinbase BTC USD", "binance BTC USDT", "binance BTC USDC", "binance USDC USDT"]
const said = (usd: number, usdt: number, usdc: number, pair: number): Said => ({
  "coinbase BTC USD": usd,
  "binance BTC USDT": usdt,
  "binance BTC USDC": usdc,
  "binance USDC USDT": pair
})

describe("Crossings", () => {
  it("price a coin by what the bridge costs in its currency and in the coin, in whatever order the books come", () => {
    const fallen = { ...calm, "binance BTC USDT": 42, "kraken BTC USDT": 43 }
    const forwards = setup(wide)
    forwards.say(fallen, 0)
    forwards.refresh(0)
    assert.closeTo(forwards.of("USDT")!.bps, -42, 1.1)
    assert.isBelow(forwards.of("USDT")!.error, 4)
    assert.closeTo(forwards.of("USDC")!.bps, 0, 1e-6)
    assert.isUndefined(forwards.of("EURC"))
    const backwards = setup(wide)
    backwards.say(Object.fromEntries(Object.entries(fallen).toReversed()), 0)
    backwards.refresh(0)
    assert.deepStrictEqual(backwards.of("USDT"), forwards.of("USDT"))
  })

  it("ground a coin that has no other source, and are news of it", () => {
    const { market, refresh, say } = setup(wide)
    say({ ...calm, "binance BTC USDT": 300, "kraken BTC USDT": 300 }, 0)
    refresh(0)
    market.value.solve(startsAt)
    assert.closeTo(market.value.valueBps[0]!, -300, 1)
    assert.deepStrictEqual([...market.value.grounded], [1, 1, 0])
    assert.deepStrictEqual(
      market.coins.map(({ fresh }) => fresh),
      [true, true, false]
    )
  })

  it("do not follow one venue of three, and say nothing where one of two differs", () => {
    const three = setup(wide)
    three.say({ ...calm, "coinbase BTC USD": -500 }, 0)
    three.refresh(0)
    assert.closeTo(three.of("USDT")!.bps, 0, 1e-6)
    assert.isBelow(three.of("USDT")!.error, 4)
    const two = setup(wide)
    two.say({ ...calm, "binance BTC USDT": 500 }, 0)
    two.refresh(0)
    assert.isUndefined(two.of("USDT"))
    assert.closeTo(two.of("USDC")!.bps, 0, 1e-6)
  })

  it("of legs on one venue are believed where another source of the coin agrees: the coin that fell is named", () => {
    const { market, of, refresh, say } = setup(narrow)
    say(said(0, 300, 0, 300), 0)
    refresh(0)
    market.value.solve(startsAt)
    assert.closeTo(of("USDT")!.bps, -300, 1e-6)
    assert.isBelow(of("USDT")!.error, 10)
    assert.closeTo(market.value.valueBps[0]!, -300, 3)
    assert.closeTo(market.value.valueBps[1]!, 0, 3)
  })

  it("of legs on one venue say nothing that one book alone may have made up, however slowly it goes astray", () => {
    const books: ReadonlyArray<readonly [said: (bps: number) => Said, silent: ReadonlyArray<string>]> = [
      [(bps) => said(bps, 0, 0, 0), ["USDT", "USDC"]],
      [(bps) => said(0, bps, 0, 0), ["USDT"]],
      [(bps) => said(0, 0, bps, 0), ["USDC"]]
    ]
    for (const [book, silent] of books) {
      for (const sign of [1, -1]) {
        const { market, of, refresh, say } = setup(narrow)
        for (let at = 0; at <= 300; at++) {
          say(book(sign * at), at * second)
          refresh(at * second)
          market.value.solve(startsAt + at * second)
          assert.isBelow(Math.abs(market.value.valueBps[0]!), 10, `USDT at ${sign * at} bps`)
          assert.isBelow(Math.abs(market.value.valueBps[1]!), 10, `USDC at ${sign * at} bps`)
        }
        for (const coin of silent) assert.isUndefined(of(coin))
      }
    }
  })

  it("are believed where they are all there is, with twice the error", () => {
    const alone = ["coinbase BTC USD", "binance BTC USDT"]
    const { of, refresh, say } = setup(alone)
    say({ "coinbase BTC USD": 0, "binance BTC USDT": 90 }, 0)
    refresh(0)
    assert.closeTo(of("USDT")!.bps, -90, 1e-6)
    assert.closeTo(of("USDT")!.error, 2 * Math.SQRT1_2, 1e-6)
  })

  it("count what the bridge may have moved since its older leg, and forget a leg of two minutes ago", () => {
    const { of, refresh, say } = setup(["coinbase BTC USD", "kraken BTC USD", "binance BTC USDT", "kraken BTC USDT"])
    say({ "coinbase BTC USD": 0, "kraken BTC USD": 0, "binance BTC USDT": 0, "kraken BTC USDT": 0 }, 0)
    refresh(0)
    const fresh = of("USDT")!
    say({ "coinbase BTC USD": 0, "kraken BTC USD": 0 }, 60 * second)
    refresh(60 * second)
    const older = of("USDT")!
    assert.strictEqual(older.at, 0)
    assert.closeTo(older.error, Math.hypot(fresh.error, 5), 0.2)
    for (let at = 61; at <= 100; at++) {
      say({ "coinbase BTC USD": (60 - at) * 10, "kraken BTC USD": (60 - at) * 10 }, at * second)
      refresh(at * second)
    }
    assert.isUndefined(of("USDT"), "BTC falls, and USDT's leg is silent")
    say({ "binance BTC USDT": -400, "kraken BTC USDT": -400 }, 100 * second)
    refresh(100 * second)
    assert.closeTo(of("USDT")!.bps, 0, 1e-6)
    say({ "coinbase BTC USD": -400, "kraken BTC USD": -400 }, 221 * second)
    refresh(221 * second)
    assert.isUndefined(of("USDT"))
  })

  it("are made once a second at most, unless a bar is judged", () => {
    const { of, refresh, say } = setup(wide)
    const moved = { "binance BTC USDT": 30, "kraken BTC USDT": 30 }
    say(calm, 0)
    refresh(0, false)
    say(moved, 999)
    refresh(999, false)
    assert.closeTo(of("USDT")!.bps, 0, 1e-6)
    refresh(999, true)
    assert.closeTo(of("USDT")!.bps, -30, 1e-6)
  })

  it("of several bridges weigh together as much as one, and are one voice", () => {
    const bridges = ["BTC", "ETH", "SOL"]
    const books = bridges.flatMap((bridge) => wide.map((pair) => pair.replace("BTC", bridge)))
    const one = setup(wide)
    one.say(calm, 0)
    one.refresh(0)
    const three = setup([...books, "kraken USDT USD"], bridges)
    three.say(Object.fromEntries(books.map((pair) => [pair, pair.endsWith(" USDT") ? 300 : 0])), 0)
    three.say({ "kraken USDT USD": 0 }, 0)
    three.refresh(0)
    for (const bridge of bridges) {
      assert.closeTo(three.of("USDT", bridge)!.bps, -300, 1e-6)
      assert.closeTo(three.of("USDT", bridge)!.error, one.of("USDT")!.error * Math.sqrt(3), 1e-6)
    }
    three.market.value.solve(startsAt)
    // One venue says this, three crossings that; they stand on the same books.
    assert.strictEqual(three.market.value.disputed[0], 1)
  })

  it("price a euro coin in euros", () => {
    const { of, refresh, say } = setup(["coinbase BTC EUR", "kraken BTC EUR", "binance BTC EURC", "kraken BTC EURC", "coinbase BTC USD"])
    say({ "coinbase BTC EUR": -800, "kraken BTC EUR": -800, "binance BTC EURC": -780, "kraken BTC EURC": -780, "coinbase BTC USD": 0 }, 0)
    refresh(0)
    assert.closeTo(of("EURC")!.bps, -20, 1e-6)
  })

  it("take no price that no market has, and count it", () => {
    const { counts, market, observations, of, quote, refresh, say } = setup(wide)
    say(calm, 0)
    const implausible = () => counts.filter((_, at) => at % venueCounters.length === venueCounters.indexOf("implausible"))
    for (const price of [1e-300, 1e10, 1e300]) quote(0, price)
    assert.strictEqual(implausible()[1], 3)
    for (const price of [Number.NaN, Number.POSITIVE_INFINITY, 0, -1]) quote(0, price)
    observations.trade(market.instruments[0]!, 60_000, 1e300, 1)
    quote(0, 1e9)
    refresh(0)
    assert.closeTo(of("USDT")!.bps, 0, 1e-6)
    assert.isBelow(of("USDT")!.error, 4)
  })

  it("follow a pair that is listed while running, and end with it", () => {
    const { market, of, quote, refresh, say } = setup(["coinbase BTC USD", "kraken BTC USD"])
    say({ "coinbase BTC USD": 0, "kraken BTC USD": 0 }, 0)
    refresh(0)
    assert.isUndefined(of("USDT"))
    assert.isTrue(market.list(2, 0, { symbol: "BTCUSDT", base: "BTC", quote: "USDT" }))
    quote(2, 60_000)
    refresh(0)
    assert.closeTo(of("USDT")!.bps, 0, 1e-6)
    market.free(2)
    refresh(0)
    assert.isUndefined(of("USDT"))
  })

  it("are none where no bridge is named", () => {
    const { market, refresh, say } = setup(narrow, [])
    say(said(0, 300, 0, 300), 0)
    refresh(0)
    assert.deepStrictEqual(
      market.bySource.map(({ bridge }) => bridge),
      [-1, -1]
    )
  })
})
