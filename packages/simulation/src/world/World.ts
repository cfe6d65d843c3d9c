/**
 * Everything that a simulation has, drawn from its seed: a market, its venues, receivers, a database, and machines with engines.
 */
import { exchanges } from "@evenkeel/connectors/exchange/Exchanges"
import { symbolOf } from "@evenkeel/connectors/simulated/Symbols"
import type { Scenario } from "@evenkeel/connectors/simulated/Scenario"
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { type VenueId, venueIds } from "@evenkeel/domain/market/Venue"
import { EngineConfig, configDefaults } from "evenkeel/config/EngineConfig"
import { Effect, Redacted, Schema } from "effect"
import type { SimulatedDatabase } from "../database/SimulatedDatabase.ts"
import { SimulatedTime } from "../time/SimulatedTime.ts"
import { OfflineVenue } from "../venue/OfflineVenue.ts"
import { type AlertPlan, receiverNames, withPlan } from "./AlertPlan.ts"
import { type AlertWorld, drawAlerting } from "./AlertWorld.ts"
import { type Chance, chanceOf } from "./Chance.ts"
import { type EngineChoice, Machine, type UpRun } from "./Machine.ts"
import { SimulatedReceiver } from "./SimulatedReceiver.ts"

/** Bars are short, so that a break is confirmed within seconds. */
const barSeconds = 2
export const staleAfterSeconds = 10
/** Venues whose protocol shows that a change of a book was lost: at the others, only a crossed book or time does. */
const isVerified = (venue: VenueId) => ["ids", "checksum", "ids and checksum", "whole books"].includes(exchanges[venue].verifiedBy)

/** A coin leaves its peg and comes back. */
export interface Break {
  readonly coin: string
  readonly from: number
  readonly until: number
  readonly bps: number
}

/** A venue whose prices are wrong. */
export interface Liar {
  venue: string
  bps: number
}

export interface World {
  readonly seed: number
  readonly chance: Chance
  readonly time: SimulatedTime
  readonly database: SimulatedDatabase
  readonly venues: ReadonlyMap<string, OfflineVenue>
  readonly receivers: ReadonlyArray<SimulatedReceiver>
  readonly machines: ReadonlyArray<Machine>
  readonly break: Break
  readonly liar: Liar
  /** Two engines on one database: each finds changes of its own, and the log has both. */
  readonly hasTwo: boolean
  readonly choice: EngineChoice
  readonly alerting: AlertWorld | undefined
  /** How far the wall's clock has been set, ever; 0 among them. */
  readonly clockOffsets: Set<number>
  /** The last lines of the engines' logs and of what the simulation did. */
  readonly log: Array<string>
  readonly say: (line: string) => void
}

const linesMax = 2000
export const startsAt = Date.parse("2024-01-15T12:00:00Z")

/** Bars, staleness and coins as a simulation has them; everything else as shipped. */
export const configOf = (coins: ReadonlyArray<string>): EngineConfig =>
  Schema.decodeUnknownSync(EngineConfig)({
    ...configDefaults,
    coins,
    instruments: [],
    data: "/",
    database: { url: Redacted.make("") },
    heartbeat: { ...configDefaults.heartbeat, url: Redacted.make("") },
    journal: { enabled: false },
    models: { ...configDefaults.models, enabled: false },
    hotPath: { ...configDefaults.hotPath, barSeconds, staleAfterSeconds, ringMebibytes: 1, traceEvery: 0 }
  })

/** An engine of these coins, the instruments that are theirs, and these receivers. */
export const choiceOf = (
  coins: ReadonlyArray<string>,
  instruments: ReadonlyArray<Instrument>,
  receivers: ReadonlyArray<SimulatedReceiver>,
  plan?: AlertPlan
): EngineChoice => ({
  config: plan === undefined ? configOf(coins) : withPlan(configOf(coins), plan),
  coins,
  instruments: instruments.filter(({ base }) => coins.includes(base)),
  receivers,
  plan
})

export const makeWorld = (seed: number, database: SimulatedDatabase, millis: number): World => {
  const chance = chanceOf(seed * 7919 + 17)
  const time = new SimulatedTime(startsAt)
  time.watch(database)
  const coins = ["USDC", "USDT"]
  const from = chance.between(0.2, 0.4) * millis
  const broken: Break = {
    coin: chance.one(coins),
    from,
    until: from + chance.between(0.2, 0.35) * millis,
    bps: chance.between(-800, -200)
  }
  const liar: Liar = { venue: "", bps: 0 }
  const scenario: Scenario = {
    name: "simulated",
    startsAt,
    durationMillis: millis,
    valueBps: (coin, at) => (coin === broken.coin && at - startsAt >= broken.from && at - startsAt < broken.until ? broken.bps : 0),
    venueBps: (venue, coin) => (venue === liar.venue && coin === broken.coin ? liar.bps : 0),
    liquidity: () => 0.4
  }
  const ids: Array<VenueId> = []
  while (ids.length < 2) {
    const id = chance.one(venueIds.filter(isVerified))
    if (!ids.includes(id)) ids.push(id)
  }
  const pairOf = (venue: VenueId, base: string, quote: string): Instrument => ({ venue, symbol: symbolOf[venue](base, quote), base, quote })
  const instruments = ids.flatMap((venue) => coins.map((coin) => pairOf(venue, coin, "USD")))
  const venues = new Map(
    ids.map((id, index) => {
      const pairs = instruments.filter(({ venue }) => venue === id)
      return [id as string, new OfflineVenue(time, { id, pairs, scenario, seed: seed * 10 + index })] as const
    })
  )
  const alerting = drawAlerting(seed, coins, millis)
  const names = alerting === undefined ? receiverNames.slice(0, 2) : receiverNames
  const receivers = names.map((name) => new SimulatedReceiver(time, name))
  const log: Array<string> = []
  const say = (line: string) => {
    log.push(line)
    if (log.length > linesMax) log.shift()
  }
  const around = { time, database, venues, seed, flapping: alerting?.flapping, log: say }
  const machines = [new Machine("one", around), new Machine("two", around)]
  const choice = choiceOf(coins, instruments, receivers, alerting?.plans[0])
  const hasTwo = chance.happens(0.2) && alerting?.isQuiet !== true
  const clockOffsets = new Set([0])
  return {
    seed,
    chance,
    time,
    database,
    venues,
    receivers,
    machines,
    break: broken,
    liar,
    hasTwo,
    choice,
    alerting,
    clockOffsets,
    log,
    say
  }
}

/** The engine of a machine, while it is up and not about to stop. */
export const upOn = ({ run }: Machine): UpRun | undefined => (run?.services === undefined || run.isStopping ? undefined : (run as UpRun))

/** Sends a line of what happens into the log. */
export const note = ({ say, time }: World, what: string): Effect.Effect<void> =>
  Effect.sync(() => say(`${(time.elapsed / 1000).toFixed(3)} -- ${what}`))
