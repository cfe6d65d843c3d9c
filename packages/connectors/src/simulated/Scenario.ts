/**
 * What happens in a simulated market: where each coin's value goes, and which venue strays from it.
 *
 * A scenario is a function of time alone, so it is the same at any speed. The two reconstructions follow public facts (levels and
 * times of March 2023 and May 2022) as straight lines between a few points; the families are drawn anew from each seed.
 */

export interface Scenario {
  readonly name: string
  /** Unix ms of the scenario's first moment. */
  readonly startsAt: number
  readonly durationMillis: number
  /** A coin's value against its peg, bps. */
  readonly valueBps: (coin: string, time: number) => number
  /** How far one venue's price of a coin is from its value, bps. */
  readonly venueBps: (venue: string, coin: string, time: number) => number
  /** Share of the usual quantity that rests in the books, 0 to 1. */
  readonly liquidity: (time: number) => number
}

/** `[minutes from the start, bps]`, straight lines in between. */
type Path = ReadonlyArray<readonly [minutes: number, bps: number]>

const minute = 60_000

const along = (path: Path, minutes: number): number => {
  const next = path.findIndex(([at]) => at > minutes)
  if (next < 0) return path.at(-1)![1]
  if (next === 0) return path[0]![1]
  const [fromAt, from] = path[next - 1]!
  const [toAt, to] = path[next]!
  return from + ((to - from) * (minutes - fromAt)) / (toAt - fromAt)
}

const fromPaths = (options: {
  readonly name: string
  readonly startsAt: number
  readonly minutes: number
  readonly coins: Readonly<Record<string, Path>>
  readonly venue?: { readonly id: string; readonly coin: string; readonly path: Path }
  readonly thin?: readonly [fromMinute: number, toMinute: number, share: number]
}): Scenario => {
  const since = (time: number) => (time - options.startsAt) / minute
  return {
    name: options.name,
    startsAt: options.startsAt,
    durationMillis: options.minutes * minute,
    valueBps: (coin, time) => {
      const path = options.coins[coin]
      return path === undefined ? 0 : along(path, since(time))
    },
    venueBps: (venue, coin, time) =>
      options.venue?.id === venue && options.venue.coin === coin ? along(options.venue.path, since(time)) : 0,
    liquidity: (time) => {
      const [from, to, share] = options.thin ?? [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 1]
      return since(time) >= from && since(time) < to ? share : 1
    }
  }
}

/** Uniform numbers in [0, 1) from a seed (mulberry32). */
export const seeded = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296
  }
}

/** Drawn scenarios play at this moment, which belongs to no event. */
const drawnAt = Date.parse("2024-01-15T12:00:00Z")

type Draw = (between: (low: number, high: number) => number) => Scenario

const drawn =
  (name: string, draw: Draw) =>
  (seed: number): Scenario => {
    const random = seeded(seed * 7919 + name.length)
    return draw((low, high) => low + (high - low) * random())
  }

export const scenarios = {
  calm: () => fromPaths({ name: "calm", startsAt: drawnAt, minutes: 1440, coins: {} }),

  /** Silicon Valley Bank: USDC from 21:54 UTC on 10 March to 0.88 the next morning, USDT above its peg, DAI behind USDC. */
  "usdc-2023-03": () =>
    fromPaths({
      name: "usdc-2023-03",
      startsAt: Date.parse("2023-03-10T21:20:00Z"),
      minutes: 1000,
      thin: [34, 1000, 0.3],
      coins: {
        USDC: [
          [0, -1],
          [34, -2],
          [37, -20],
          [45, -33],
          [70, -46],
          [78, -52],
          [100, -70],
          [190, -90],
          [230, -160],
          [290, -260],
          [340, -420],
          [420, -650],
          [595, -1230],
          [700, -900],
          [1000, -780]
        ],
        USDT: [
          [0, 2],
          [25, 6],
          [40, 20],
          [80, 30],
          [280, 45],
          [595, 150],
          [1000, 70]
        ],
        DAI: [
          [0, -1],
          [60, -3],
          [240, -30],
          [290, -120],
          [420, -400],
          [600, -1050],
          [1000, -600]
        ]
      }
    }),

  /** Terra: UST from 21:44 UTC on 7 May to 0.985, back near the peg, then down for good on the 9th; USDT shaken on the 12th. */
  "ust-2022-05": () =>
    fromPaths({
      name: "ust-2022-05",
      startsAt: Date.parse("2022-05-07T19:00:00Z"),
      minutes: 6600,
      thin: [150, 6600, 0.3],
      coins: {
        UST: [
          [0, -5],
          [15, -21],
          [160, -30],
          [180, -55],
          [210, -110],
          [300, -140],
          [700, -60],
          [1500, -45],
          [2600, -90],
          [2640, -300],
          [2820, -1500],
          [3000, -3000],
          [3200, -800],
          [4000, -2000],
          [6600, -6500]
        ],
        USDT: [
          [0, 0],
          [6000, 0],
          [6420, -60],
          [6500, -420],
          [6600, -120]
        ],
        USDC: [
          [0, 1],
          [5000, 4],
          [6500, 20],
          [6600, 12]
        ]
      }
    }),

  /** A slow loss of 80 to 200 bps over half a day. */
  bleed: drawn("bleed", (between) =>
    fromPaths({
      name: "bleed",
      startsAt: drawnAt,
      minutes: 1440,
      coins: {
        USDC: [
          [0, 0],
          [60, 0],
          [between(500, 800), between(-200, -80)],
          [1440, -220]
        ]
      }
    })
  ),

  /** From the peg to 150 to 800 bps below within a minute. */
  jump: drawn("jump", (between) => {
    const at = between(30, 60)
    const depth = between(-800, -150)
    return fromPaths({
      name: "jump",
      startsAt: drawnAt,
      minutes: 600,
      thin: [at, 600, 0.2],
      coins: {
        USDC: [
          [0, 0],
          [at, 0],
          [at + 1, depth],
          [600, depth]
        ]
      }
    })
  }),

  /** One venue alone prints far below for a few minutes; the coin is well. */
  "flash-crash": drawn("flash-crash", (between) => {
    const at = between(30, 60)
    const depth = between(-900, -300)
    return fromPaths({
      name: "flash-crash",
      startsAt: drawnAt,
      minutes: 600,
      coins: {},
      venue: {
        id: "binance",
        coin: "USDC",
        path: [
          [0, 0],
          [at, 0],
          [at + 0.5, depth],
          [at + 6, depth],
          [at + 8, 0],
          [600, 0]
        ]
      }
    })
  }),

  /** Above the peg by 60 to 250 bps for hours. */
  premium: drawn("premium", (between) => {
    const height = between(60, 250)
    return fromPaths({
      name: "premium",
      startsAt: drawnAt,
      minutes: 900,
      coins: {
        USDT: [
          [0, 0],
          [40, 0],
          [60, height],
          [600, height],
          [700, 0],
          [900, 0]
        ]
      }
    })
  }),

  /** A run down to 100 to 300 bps below that is back within two hours, again and again. */
  recovery: drawn("recovery", (between) => {
    const path: Array<readonly [number, number]> = []
    let at = 0
    while (at < 20_000) {
      const depth = between(-300, -100)
      path.push([at, 0], [at + 20, 0], [at + 30, depth], [at + 60, depth], [at + 70, 0], [at + 170, 0])
      at += 171
    }
    return fromPaths({ name: "recovery", startsAt: drawnAt, minutes: 20_000, coins: { USDC: path } })
  }),

  /** 25 to 40 bps below its peg from the first moment, for months. */
  "off-peg": drawn("off-peg", (between) => {
    const usual = between(-40, -25)
    return fromPaths({
      name: "off-peg",
      startsAt: drawnAt,
      minutes: 90 * 1440,
      coins: {
        USDC: [
          [0, usual],
          [90 * 1440, usual]
        ]
      }
    })
  })
} as const satisfies Record<string, (seed: number) => Scenario>

export type ScenarioName = keyof typeof scenarios
export const scenarioNames = Object.keys(scenarios) as ReadonlyArray<ScenarioName>
