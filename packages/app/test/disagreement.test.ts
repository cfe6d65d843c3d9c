/**
 * Sources of one coin that disagree, drawn at random: who is apart, who follows later, and whether what was said is what is so.
 *
 * Each seed draws a kind of disagreement, its size, the sources' noise and volumes, and whether the others follow in the end.
 */
import { assert, describe, it } from "@effect/vitest"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { EventKind, eventPayload } from "@evenkeel/domain/market/MarketRecord"
import { type LevelChange, severity } from "@evenkeel/domain/risk/RiskLevel"
import { Random } from "@evenkeel/learning/data/Random"
import { LocalHotPath } from "@evenkeel/detection/host/LocalHotPath"

/** `TEST_SEEDS=500` for more. */
const seeds = Number(process.env["TEST_SEEDS"] ?? 200)
const minute = 60_000
const startsAt = Date.UTC(2030, 0, 7)
const breaksAt = 180
const followsAt = 210
const minutes = 240

interface Source {
  readonly venue: string
  /** Deviation, bps, at a minute; NaN: it says nothing. */
  readonly bps: (minute: number) => number
  /** Of a bar; a pool's depth. */
  readonly volume: number
  readonly pool?: boolean
}

const play = (sources: ReadonlyArray<Source>, random: Random): ReadonlyArray<LevelChange> => {
  const venues = sources.map(({ venue }) => venue)
  const local = new LocalHotPath({
    coins: [coinOf("USDC")!],
    instruments: venues.map((venue) => ({ venue, symbol: "USDC-USD", base: "USDC", quote: "USD" })),
    venues: venues.map((id) => ({ id, decoder: undefined })),
    barMillis: minute,
    scoreGapMillis: Number.POSITIVE_INFINITY
  })
  const changes: Array<LevelChange> = []
  const take = () => local.signals({ levelChange: (change) => changes.push(change) })
  for (let at = 0; at < minutes; at++) {
    const time = startsAt + (at + 1) * minute
    for (const [instrument, { bps, pool = false, venue, volume }] of sources.entries()) {
      const deviation = bps(at)
      if (Number.isNaN(deviation)) continue
      const price = 1 + (deviation + 0.5 * random.normal()) / 1e4
      const payload = pool
        ? eventPayload(EventKind.pool, [time, price, 0, volume, volume, Number.NaN])
        : eventPayload(EventKind.candle, [time, price, volume, Number.NaN, price, price, minute])
      local.feed({ source: FrameSource.event, venue: venues.indexOf(venue), instrument, received: time, payload })
      take()
    }
  }
  local.hotPath.finish()
  take()
  return changes
}

/** What must have been said by the minute before the others follow, and after. */
interface Expected {
  readonly kind: "local" | "disputed" | "break"
  /** Venues that are critical by their own price. */
  readonly apart: ReadonlyArray<string>
}

interface Drawn {
  readonly name: string
  readonly sources: ReadonlyArray<Source>
  readonly expected: Expected
  /** The others follow in the end: the coin itself has broken. */
  readonly follows: boolean
}

const kinds = [
  "one of two",
  "one of three",
  "two of three",
  "a pool alone",
  "an exchange against a pool and another",
  "a thin one of two",
  "a stale one"
] as const

const draw = (random: Random): Drawn => {
  const name = kinds[random.below(kinds.length)]!
  const depth = 90 * Math.exp(random.uniform() * Math.log(8000 / 90))
  const volume = () => 1e5 * (1 + 4 * random.uniform())
  const follows = random.below(2) === 0
  const falls = (at: number) => (at < breaksAt ? 0 : -depth)
  const holds = (at: number) => (follows && at >= followsAt ? -depth : 0)
  const source = (venue: string, bps: Source["bps"], size = volume()): Source => ({ venue, bps, volume: size })
  const pool = (bps: Source["bps"]): Source => ({ venue: "uniswap", bps, volume: 1e7, pool: true })
  const local = (apart: string): Expected => ({ kind: "local", apart: [apart] })
  switch (name) {
    case "one of two": {
      const size = volume()
      const sources = [source("binance", falls, size), source("kraken", holds, size)]
      return { name, sources, follows, expected: { kind: "disputed", apart: ["binance"] } }
    }
    case "one of three":
      return {
        name,
        follows,
        expected: local("binance"),
        sources: [source("binance", falls), source("kraken", holds), source("okx", holds)]
      }
    case "two of three":
      return {
        name,
        follows: true,
        expected: { kind: "break", apart: ["binance", "okx"] },
        sources: [source("binance", falls), source("kraken", () => 0), source("okx", falls)]
      }
    case "a pool alone":
      return { name, follows, expected: local("uniswap"), sources: [pool(falls), source("kraken", holds), source("okx", holds)] }
    case "an exchange against a pool and another":
      return { name, follows, expected: local("binance"), sources: [source("binance", falls), source("kraken", holds), pool(holds)] }
    case "a thin one of two":
      return { name, follows, expected: local("binance"), sources: [source("binance", falls, 50), source("kraken", holds, 1e6)] }
    case "a stale one": {
      // It has said nothing since before the break: what is fresh is so.
      const silent = (at: number) => (at < breaksAt - 150 ? 0 : Number.NaN)
      return {
        name,
        follows: true,
        expected: { kind: "break", apart: ["binance"] },
        sources: [source("binance", falls), source("kraken", silent)]
      }
    }
  }
}

const at = (n: number) => startsAt + n * minute

/** Undefined where all that was said is so. */
const wrong = ({ expected, follows, name, sources }: Drawn, changes: ReadonlyArray<LevelChange>): string | undefined => {
  const before = changes.filter(({ time }) => time <= at(followsAt))
  const first = before.find(({ kind }) => kind === expected.kind)
  const said = before.map(({ kind, level }) => `${kind} ${level}`).join(", ")
  if (first === undefined) return `${name}: said ${said || "nothing"}`
  if (first.time > at(breaksAt + 10)) return `${name}: late, after ${(first.time - at(breaksAt)) / minute} minutes`
  const critical = first.venues.own.filter(({ level }) => level === "critical").map(({ venue }) => venue)
  const least =
    expected.kind === "break"
      ? before
          .at(-1)!
          .venues.own.filter(({ level }) => level === "critical")
          .map(({ venue }) => venue)
      : critical
  if (least.toSorted().join() !== expected.apart.toSorted().join()) return `${name}: critical on ${least.join() || "none"}`
  const worst = Math.max(...before.map(({ level }) => severity(level)))
  if (expected.kind === "break" ? worst !== severity("critical") : worst !== severity("warning")) return `${name}: said ${said}`
  const broke = changes.find(({ level, time }) => level === "critical" && time > at(breaksAt))
  if (!follows) return broke === undefined ? undefined : `${name}: critical though the others held`
  if (broke === undefined) return `${name}: never critical though all of ${sources.length} fell`
  return expected.kind !== "break" && broke.time > at(followsAt + 1)
    ? `${name}: critical ${(broke.time - at(followsAt)) / minute} minutes after the others followed`
    : undefined
}

describe("disagreement", () => {
  it("is told as it is in at least 95 of 100 drawn, and critical falls on the right subject", () => {
    const failures = Array.from({ length: seeds }, (_, seed) => {
      const random = new Random(seed + 1)
      const drawn = draw(random)
      const problem = wrong(drawn, play(drawn.sources, random))
      return problem === undefined ? [] : [`seed ${seed + 1}, ${problem}`]
    }).flat()
    assert.isAtMost(failures.length, 0.05 * seeds, failures.slice(0, 40).join("\n"))
  }, 60_000)
})
