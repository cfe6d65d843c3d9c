/**
 * Seconds: drawn markets whose truth is known second by second, played as verified books and clock ticks through the hot path.
 *
 * A break that two venues show is critical within five seconds of crossing 100 bps; what one venue does alone never is.
 */
import { assert, describe, it } from "@effect/vitest"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { type FrameDecoderFactory, FrameOutcome, FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { EventKind } from "@evenkeel/domain/market/MarketRecord"
import type { LevelChange } from "@evenkeel/domain/risk/RiskLevel"
import { Random } from "@evenkeel/learning/data/Random"
import { LocalHotPath } from "../src/host/LocalHotPath.ts"

/** Seeds, `TEST_SEEDS` for more. */
const seeds = Number(process.env["TEST_SEEDS"] ?? 300)
const startsAt = Date.UTC(2030, 0, 7)
const seconds = 150
const crashAt = 70

/** A frame is two doubles: the mid's deviation and that of a thin best level, bps. It makes a whole book. */
const makeBookDecoder: FrameDecoderFactory = (_, record, sink) => ({
  decode: (bytes, start) => {
    const [bps, thinBps] = new Float64Array(bytes.slice(start, start + 16).buffer)
    const emit = (kind: EventKind) => {
      record.integers[0] = kind
      record.integers[1] = 0
      record.numbers.fill(Number.NaN)
      sink.accept()
    }
    const mid = 1 + bps! / 1e4
    const thin = 1 + thinBps! / 1e4
    emit(EventKind.bookClear)
    record.integers[3] = 4
    record.levels.set([0, mid - 5e-5, 1e5, 0, Math.min(mid, thin) - 2e-5, 5, 1, mid + 5e-5, 1e5, 1, Math.max(mid, thin) + 2e-5, 5])
    emit(EventKind.bookLevels)
    emit(EventKind.bookCommit)
    return FrameOutcome.market
  },
  snapshot: () => FrameOutcome.malformed,
  reset: () => undefined
})

/** Deviation of a venue in a second, bps; NaN while it sends nothing. */
type Truth = (venue: number, second: number) => number

interface Drawn {
  readonly name: string
  readonly truth: Truth
  /** The second in which the coin has crossed 100 bps below its peg on enough venues; undefined where it never does. */
  readonly crossesAt: number | undefined
  /** Deviation of a thin best level, where there is one. */
  readonly thinBps: number
}

const kinds = [
  "calm",
  "jump",
  "slide",
  "flash on one",
  "flash on two",
  "thin best level",
  "a venue halts in a break",
  "fat finger",
  "premium"
] as const

const draw = (random: Random): Drawn => {
  const name = kinds[random.below(kinds.length)]!
  const depth = -(130 + 770 * random.uniform())
  const lags = [0, 0, 0].map(() => random.below(3))
  const during = (second: number, length: number) => second >= crashAt && second < crashAt + length
  const length = 5 + random.below(45)
  const drawn = (truth: Truth, crossesAt?: number, thinBps = 0): Drawn => ({ name, truth, crossesAt, thinBps })
  switch (name) {
    case "calm":
      return drawn(() => 0)
    case "jump":
      return drawn((venue, second) => (second >= crashAt + lags[venue]! ? depth : 0), crashAt + lags.toSorted((a, b) => a - b)[1]!)
    case "slide": {
      const pace = depth / 20
      return drawn((_, second) => Math.max(depth, Math.min(0, pace * (second - crashAt))), crashAt + Math.floor(100 / -pace) + 1)
    }
    case "flash on one":
      return drawn((venue, second) => (venue === 0 && during(second, length) ? depth : 0))
    case "flash on two":
      return drawn((venue, second) => (venue < 2 && during(second, length) ? depth : 0), length > 4 ? crashAt : undefined)
    case "thin best level":
      return drawn(() => 0, undefined, depth)
    case "a venue halts in a break":
      return drawn((venue, second) => (second < crashAt ? 0 : venue === 0 ? Number.NaN : depth), crashAt)
    case "fat finger":
      return drawn((venue, second) => (venue === 0 && during(second, 30) ? 2 * depth : 0))
    case "premium":
      return drawn((_, second) => (second >= crashAt ? -depth : 0))
  }
}

const play = ({ thinBps, truth }: Drawn, random: Random): ReadonlyArray<LevelChange> => {
  const venues = ["one", "two", "three"]
  const local = new LocalHotPath({
    coins: [coinOf("USDC")!],
    instruments: venues.map((venue) => ({ venue, symbol: "USDC-USD", base: "USDC", quote: "USD" })),
    venues: venues.map((id, number) => ({
      id,
      decoder: (symbols, record, sink) => {
        const inner = makeBookDecoder(symbols, record, {
          ...sink,
          accept: () => {
            record.integers[1] = number
            sink.accept()
          }
        })
        return inner
      }
    })),
    barMillis: 60_000,
    scoreGapMillis: Number.POSITIVE_INFINITY
  })
  const changes: Array<LevelChange> = []
  const levelChange = (change: LevelChange) => changes.push(change)
  for (let second = 0; second < seconds; second++) {
    for (let venue = 0; venue < venues.length; venue++) {
      const bps = truth(venue, second)
      if (Number.isNaN(bps)) continue
      const payload = new Uint8Array(Float64Array.of(bps + 0.3 * random.normal(), thinBps === 0 ? bps : thinBps).buffer)
      local.feed({ source: FrameSource.socket, venue, instrument: venue, received: startsAt + second * 1000 + venue, payload })
    }
    for (let tick = 0; tick < 4; tick++)
      local.feed({
        source: FrameSource.clock,
        venue: 0,
        instrument: -1,
        received: startsAt + second * 1000 + 10 + 250 * tick,
        payload: new Uint8Array(0)
      })
    local.signals({ levelChange })
  }
  return changes
}

describe("seconds", () => {
  it(`of ${seeds} drawn markets each break on two venues is critical within five seconds, and nothing else is`, () => {
    const problems: Array<string> = []
    for (let seed = 1; seed <= seeds; seed++) {
      const random = new Random(seed)
      const drawn = draw(random)
      const critical = play(drawn, random).find(({ level }) => level === "critical")
      const after = critical === undefined ? undefined : (critical.time - startsAt) / 1000 - (drawn.crossesAt ?? 0)
      if (drawn.crossesAt === undefined ? after !== undefined : !(after !== undefined && after >= 0 && after <= 5))
        problems.push(`seed ${seed}, ${drawn.name}: ${after === undefined ? "never critical" : `critical after ${after} s`}`)
      if (critical !== undefined && critical.evidence.fast === null) problems.push(`seed ${seed}, ${drawn.name}: decided by bars`)
    }
    assert.deepStrictEqual(problems, [])
  }, 60_000)
})
