/** Who is to blame: one venue, one coin, its quote, or nobody that can be told. */
import { assert, describe, it } from "@effect/vitest"
import { reasonsOf } from "@evenkeel/alerting/render/Reasons"
import { EventKind, eventPayload } from "@evenkeel/domain/market/MarketRecord"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { type LevelChange, severity } from "@evenkeel/domain/risk/RiskLevel"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { Random } from "@evenkeel/learning/data/Random"
import { LocalHotPath } from "@evenkeel/detection/host/LocalHotPath"

const minute = 60_000
const startsAt = Date.UTC(2030, 0, 7)

interface Pair {
  readonly venue: string
  readonly base: string
  readonly quote: string
  /** Price less one, bps, at a minute. */
  readonly bps: (minute: number) => number
}

/** Plays minutes of candles of each pair and returns what was said. */
const play = (pairs: ReadonlyArray<Pair>, minutes = 1600): ReadonlyArray<LevelChange> => {
  const random = new Random(5)
  const instruments = pairs.map(({ base, quote, venue }) => ({ venue, symbol: `${base}-${quote}`, base, quote }))
  const venues = [...new Set(pairs.map(({ venue }) => venue))]
  const symbols = [...new Set(pairs.flatMap(({ base, quote }) => [base, quote]))]
  const local = new LocalHotPath({
    coins: symbols.flatMap((symbol) => coinOf(symbol) ?? []),
    instruments,
    venues: venues.map((id) => ({ id, decoder: undefined })),
    barMillis: minute,
    scoreGapMillis: Number.POSITIVE_INFINITY
  })
  const changes: Array<LevelChange> = []
  for (let at = 0; at < minutes; at++) {
    const time = startsAt + (at + 1) * minute
    for (const [instrument, { bps, venue }] of pairs.entries()) {
      // A venue that sends nothing.
      if (Number.isNaN(bps(at))) continue
      const price = 1 + (bps(at) + 0.4 * random.normal()) / 1e4
      const payload = eventPayload(EventKind.candle, [time, price, 1e6, Number.NaN, price, price, minute])
      local.feed({ source: FrameSource.event, venue: venues.indexOf(venue), instrument, received: time, payload })
      local.signals({ levelChange: (change) => changes.push(change) })
    }
  }
  local.hotPath.finish()
  local.signals({ levelChange: (change) => changes.push(change) })
  return changes
}
const calm = () => 0
const falls =
  (depth: number, from = 1500) =>
  (at: number) =>
    at < from ? 0 : -depth
const alarms = (changes: ReadonlyArray<LevelChange>) =>
  changes.filter(({ level }) => severity(level) >= severity("warning")).map(({ coin, kind, level }) => `${coin} ${kind} ${level}`)
/** The minute in which a level was first reached. */
const minutesOf = (changes: ReadonlyArray<LevelChange>, level: LevelChange["level"]) =>
  ((changes.find((change) => change.level === level)?.time ?? Number.POSITIVE_INFINITY) - startsAt) / minute
const usdc = (venue: string, bps: (minute: number) => number): Pair => ({ venue, base: "USDC", quote: "USD", bps })

describe("attribution", () => {
  it("one venue of many that breaks away is that venue's, by name; all of them are the coin's", () => {
    const apart = play([usdc("binance", falls(90)), usdc("kraken", calm), usdc("coinbase", calm), usdc("okx", calm)])
    assert.deepStrictEqual(alarms(apart), ["USDC local warning"])
    const local = apart.find(({ kind }) => kind === "local")
    assert.include(reasonsOf(local!)[0], "binance")
    assert.match(reasonsOf(local!)[1]!, /^binance alone: -9\d bps \(critical there\); (\w+ [+-]?\d\.\d bps, ){2}\w+ [+-]?\d\.\d bps$/)
    assert.deepStrictEqual(local?.venues.differ, ["binance"])
    const together = play(["binance", "kraken", "coinbase", "okx"].map((venue) => usdc(venue, falls(90))))
    assert.deepStrictEqual(alarms(together), ["USDC break critical"])
    assert.deepStrictEqual(together.find(({ level }) => level === "critical")!.venues.differ, [])
  })

  it("of two venues that part neither is believed alone: the error bar widens, and nothing is critical", () => {
    const changes = play([usdc("kraken", calm), usdc("coinbase", falls(80))])
    assert.deepStrictEqual(alarms(changes), ["USDC disputed warning"])
    const disputed = changes.find(({ kind }) => kind === "disputed")!
    assert.isAbove(disputed.errorBps, 75)
    assert.sameDeepMembers(
      disputed.venues.own.map(({ level, venue }) => [venue, level]),
      [
        ["kraken", "normal"],
        ["coinbase", "critical"]
      ]
    )
  })

  it("sources that fall silent as a coin falls do not outvote the one that speaks", () => {
    const silent = (at: number) => (at < 1499 ? 0 : Number.NaN)
    const changes = play([usdc("binance", falls(200)), usdc("kraken", silent), usdc("okx", silent), usdc("bybit", silent)])
    assert.isAtMost(minutesOf(changes, "critical"), 1507)
  })

  it("a coin that has broken on every venue is critical however they differ", () => {
    const changes = play([150, 300, 500, 800].map((depth, at) => usdc(`v${at}`, falls(depth))))
    assert.isAtMost(minutesOf(changes, "critical"), 1504)
  })

  it("a tie stays one for as long as nothing changes", () => {
    const changes = play([usdc("kraken", calm), usdc("coinbase", falls(90, 100))])
    assert.deepStrictEqual(alarms(changes), ["USDC disputed warning"])
  })

  it("what is valued through a disputed coin is known no better than that", () => {
    const usdt = (venue: string, bps: Pair["bps"]) => ({ venue, base: "USDT", quote: "USD", bps })
    const against = (base: string) => ({ venue: "binance", base, quote: "USDT", bps: calm })
    const changes = play([usdt("kraken", calm), usdt("bitstamp", falls(120)), against("FDUSD"), against("TUSD")])
    assert.deepStrictEqual(alarms(changes), ["USDT disputed warning"])
  })

  it("a venue that fell silent while it stood apart keeps no coin at a warning", () => {
    const halts = (at: number) => (at < 100 ? 0 : at < 150 ? -90 : Number.NaN)
    const changes = play([usdc("binance", halts), usdc("kraken", calm), usdc("okx", calm)], 600)
    assert.deepStrictEqual(alarms(changes), ["USDC local warning"])
    assert.strictEqual(changes.at(-1)!.level, "normal")
  })

  it("a lone pair of equal coins is read both ways, each with the whole move", () => {
    const changes = play([{ venue: "uniswap", base: "FRAX", quote: "DAI", bps: falls(100) }])
    assert.deepStrictEqual(alarms(changes).toSorted(), ["DAI unattributed warning", "FRAX break critical"])
    assert.closeTo(changes.find(({ coin }) => coin === "DAI")!.deviationBps, 100, 3)
  })

  it("the rise of a rate-bearing coin is no loss of the coin that it is traded against", () => {
    const changes = play([{ venue: "curve", base: "SDAI", quote: "DAI", bps: () => 1700 }], 300)
    assert.deepStrictEqual(alarms(changes), [])
  })

  it("one venue alone is all that there is: the coin is judged by it", () => {
    assert.deepStrictEqual(alarms(play([usdc("kraken", falls(90))])), ["USDC break critical"])
  })

  it("a coin that trades against no currency is blamed against its quote, and the split is said to be unknown", () => {
    const changes = play([{ venue: "binance", base: "UST", quote: "USDT", bps: falls(90) }])
    assert.deepStrictEqual(alarms(changes), ["UST break critical"])
    assert.deepStrictEqual(alarms(play([{ venue: "binance", base: "USDC", quote: "USDT", bps: falls(900, 0) }], 100)), [
      "USDC break critical"
    ])
    assert.include(reasonsOf(changes.at(-1)!).join(" "), "that it is UST that fell, and not the other coin that rose, is believed at")
  })

  it("a quote coin is blamed when three coins rise against it together", () => {
    const rise = (at: number) => (at < 1500 ? 0 : 90)
    const changes = play(["USDC", "DAI", "TUSD", "FDUSD"].map((base) => ({ venue: "binance", base, quote: "USDT", bps: rise })))
    assert.include(alarms(changes), "USDT break critical")
    assert.isFalse(alarms(changes).some((alarm) => !alarm.startsWith("USDT")))
  })

  it("a euro coin is judged against the euro, whatever the dollar does", () => {
    const pair = (bps: (minute: number) => number): Pair => ({ venue: "kraken", base: "EURC", quote: "EUR", bps })
    const dollars: Pair = { venue: "kraken", base: "EURC", quote: "USD", bps: (at) => 800 + at }
    assert.deepStrictEqual(alarms(play([pair(calm), dollars])), [])
    assert.deepStrictEqual(alarms(play([pair(falls(90)), dollars])), ["EURC break critical"])
  })

  it("a rate-bearing coin is judged against its own trend", () => {
    const grows = (at: number) => 1100 + at * 0.001
    const pair = (bps: (minute: number) => number): Pair => ({ venue: "kraken", base: "SDAI", quote: "USD", bps })
    assert.deepStrictEqual(alarms(play([pair(grows)])), [])
    assert.deepStrictEqual(alarms(play([pair((at) => grows(at) + falls(120)(at))])), ["SDAI break critical"])
  })

  it("a coin that has stood off its peg for long is left in peace until it moves on", () => {
    const offPeg = (at: number) => -28 + (at >= 4000 ? -60 : 0)
    const changes = play([usdc("kraken", (at) => Math.max(offPeg(at), -at / 60))], 4100)
    assert.deepStrictEqual(alarms(changes.filter(({ time }) => time < startsAt + 4000 * minute)), [])
    assert.include(alarms(changes), "USDC break critical")
  })

  it("a coin that falls after another, and less far, is told to fall with it", () => {
    const changes = play([usdc("kraken", falls(300)), { venue: "kraken", base: "DAI", quote: "USD", bps: falls(120, 1510) }])
    const dai = changes.find(({ coin, level }) => coin === "DAI" && level === "critical")!
    assert.include(reasonsOf(dai).join(" "), "USDC fell earlier and farther")
    assert.notInclude(reasonsOf(changes.find(({ coin, level }) => coin === "USDC" && level === "critical")!).join(" "), "fell earlier")
  })
})
