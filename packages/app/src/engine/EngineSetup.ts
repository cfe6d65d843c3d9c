/**
 * What a mode decides before the engine starts: which coins and instruments, from which venues, on whose clock, told to whom.
 */
import { type Receiver, Receivers } from "@evenkeel/alerting/receiver/Receiver"
import { makeServices } from "@evenkeel/alerting/receiver/Services"
import { makeWebhookReceiver } from "@evenkeel/alerting/receiver/WebhookReceiver"
import { Words } from "@evenkeel/alerting/render/Words"
import { insuranceFamily } from "@evenkeel/assessment/insurance/Terms"
import { sourceInstrument } from "@evenkeel/connectors/chain/ChainSource"
import type { Endpoints, Exchange } from "@evenkeel/connectors/exchange/Exchange"
import { coinbaseExchange, exchanges } from "@evenkeel/connectors/exchange/Exchanges"
import { type Coin, coinOf } from "@evenkeel/domain/coin/Coin"
import { type Instrument, instrumentKey } from "@evenkeel/domain/market/Instrument"
import { sourceIds, type VenueId, venueIds } from "@evenkeel/domain/market/Venue"
import type { PolicyOverrides } from "@evenkeel/runtime/resilience/Policies"
import { defaultPolicies, type Policy } from "@evenkeel/runtime/resilience/Policy"
import { layerDatabase, layerDatabaseBeside } from "@evenkeel/store/database/Database"
import { readJournalTail } from "@evenkeel/store/journal/JournalTail"
import { MarketJournal } from "@evenkeel/store/journal/MarketJournal"
import { retentionDefaults, type RetentionOptions } from "@evenkeel/store/retention/Retention"
import { Effect, Layer } from "effect"
import type { EngineConfig } from "../config/EngineConfig.ts"

export interface EngineSetup {
  readonly coins: ReadonlyArray<Coin>
  /** Assets by which coins are priced as well: see `EngineConfig`. */
  readonly bridges: ReadonlyArray<string>
  /** The first ones; a position is an instrument's number. */
  readonly instruments: ReadonlyArray<Instrument>
  /** Where new listings are looked for while running. */
  readonly discovered: ReadonlyArray<VenueId>
  /** Venues that are connected to, and where. */
  readonly venues: ReadonlyArray<{ readonly exchange: Exchange; readonly endpoints: Endpoints }>
  /** The engine's time, Unix ms: the wall's when live, the simulated market's in a demo. */
  readonly clock: () => number
  /** Beside those of the configuration. */
  readonly receivers: ReadonlyArray<Receiver>
  /** Pairs that can be listed while the engine runs. */
  readonly spares: number
  /** Tells this run of the engine from every other. */
  readonly engineId: string
  /** What the engine does, over all its runs: facts about it and what it learned are kept under this. */
  readonly engineName: string
  /** Whether what the detectors learned in the run before is taken up; not where the market's time begins anew with each run. */
  readonly warmStart: boolean
  /** The market is made up. */
  readonly simulated: boolean
  /** A coin without a price for so long, in the engine's time, is `stale`. */
  readonly staleAfterMillis: number
}

/** The configured webhooks and services, behind the setup's own receivers. */
export const receiversOf = ({ alerts }: EngineConfig, setup: EngineSetup) =>
  Layer.effect(
    Receivers,
    Effect.gen(function* () {
      const webhooks = yield* Effect.forEach(alerts.webhooks, makeWebhookReceiver)
      const services = yield* makeServices(alerts.services, { link: alerts.link === "" ? undefined : alerts.link, words: yield* Words })
      return [...setup.receivers, ...webhooks, ...services]
    })
  )

/** Where frames are recorded, with what a replay needs to know of them. */
export const journalOf = (config: EngineConfig, setup: EngineSetup) =>
  config.journal.enabled
    ? MarketJournal.layer({
        directory: `${config.data}/journal`,
        manifest: {
          startedAt: setup.clock(),
          barMillis: config.hotPath.barSeconds * 1000,
          coins: setup.coins,
          venues: sourceIds,
          instruments: [...setup.instruments],
          spareInstruments: setup.spares,
          ...(setup.bridges.length === 0 ? {} : { bridges: setup.bridges }),
          staleAfterMillis: setup.staleAfterMillis,
          simulated: setup.simulated
        }
      })
    : MarketJournal.layerNoop

/** What the last run recorded after a time; nothing where it watched other instruments, whose numbers mean other pairs. */
export const journalTailOf = (config: EngineConfig, setup: EngineSetup) => {
  const directory = `${config.data}/journal`
  const own = setup.instruments.map(instrumentKey).join()
  return Effect.fn("journalTail")(
    function* (after: number) {
      const tail = yield* readJournalTail(directory, after)
      if (tail === undefined) return []
      if (tail.manifest.instruments.map(instrumentKey).join() === own) return tail.blocks
      yield* Effect.logInfo("the journal's last run watched other instruments: its end is not replayed")
      return []
    },
    Effect.catch((error) => Effect.as(Effect.logWarning("the journal's end cannot be read", { problem: error.message }), []))
  )
}

/** What is kept, and for how long. */
export const retentionOf = ({ data, insurance, retention }: EngineConfig): RetentionOptions => ({
  ...retentionDefaults,
  // What proves a cover's trigger is kept for as long as its terms are configured.
  keepFamilies: [
    ...retentionDefaults.keepFamilies,
    ...insurance.terms.flatMap(({ name }) => [insuranceFamily(name, false), insuranceFamily(name, true)])
  ],
  directory: data,
  journalBytesMax: retention.journalGigabytes * 1e9,
  journalAgeMax: `${retention.journalDays} days`,
  eventsAgeMax: `${retention.factDays} days`,
  deliveredAgeMax: `${retention.notificationDays} days`
})

/** The configured policies; one for a single venue or receiver stands over one for all. */
export const policiesOf = (config: EngineConfig): PolicyOverrides => {
  const overrides: { -readonly [Target in keyof PolicyOverrides]: Partial<Policy> } = {}
  // Those for all calls first, so that one with a key starts from them.
  const general = config.policies.filter(({ key }) => key === undefined)
  for (const { breakerFailures, breakerSeconds, callsPerMinute, key, policy, retries, timeoutSeconds } of new Set([
    ...general,
    ...config.policies
  ])) {
    const under: Policy = { ...defaultPolicies[policy], ...overrides[policy] }
    overrides[key === undefined ? policy : (`${policy}:${key}` as const)] = {
      timeout: timeoutSeconds === undefined ? under.timeout : `${timeoutSeconds} seconds`,
      retry: { ...under.retry, times: retries ?? under.retry.times },
      breaker: {
        ...under.breaker,
        failures: breakerFailures ?? under.breaker.failures,
        openFor: breakerSeconds === undefined ? under.breaker.openFor : `${breakerSeconds} seconds`
      },
      ...(callsPerMinute === undefined ? {} : { rate: { limit: callsPerMinute, window: "1 minute" } })
    }
  }
  return overrides
}

/** `venue:SYMBOL:BASE:QUOTE`; a symbol may hold colons. */
export const parseInstrument = (text: string): Instrument => {
  const parts = text.split(":")
  return { venue: parts[0] ?? "", symbol: parts.slice(1, -2).join(":"), base: parts.at(-2) ?? "", quote: parts.at(-1) ?? "" }
}

export const instrumentsOf = (config: EngineConfig): ReadonlyArray<Instrument> => config.instruments.map(parseInstrument)

/** The data directory of a demo that is kept apart from what is configured. */
export const demoDataOf = (config: Pick<EngineConfig, "data">): string => `${config.data}/demo`

/** What seals and exported heads are signed with. */
export const auditKeyOf = (config: EngineConfig): string => `${config.data}/audit.key`

export const databaseOptions = ({ data, database }: EngineConfig) => ({ url: database.url, directory: `${data}/database` })

/** The store's database as it is configured. */
export const databaseOf = (config: EngineConfig) => layerDatabase(databaseOptions(config))

/** The same for a command that makes something, also while an engine has it open. */
export const databaseBeside = (config: EngineConfig) => layerDatabaseBeside(databaseOptions(config))

export const coinsOf = (config: EngineConfig): ReadonlyArray<Coin> =>
  config.coins.map((text) => {
    const [symbol = "", peg, rate] = text.split(":")
    const known = coinOf(symbol) ?? { symbol, peg: "USD", anchor: 1 }
    return { ...known, ...(peg === "EUR" || peg === "USD" ? { peg } : {}), ...(rate === "rate" ? { rateBearing: true } : {}) }
  })

export const exchangeOf = (config: EngineConfig, venue: VenueId): Exchange =>
  venue === "coinbase" && config.coinbaseFeed !== "advanced" ? coinbaseExchange : exchanges[venue]

/** A venue and where it is reached. */
export const venueOf = (config: EngineConfig, venue: VenueId): EngineSetup["venues"][number] => {
  const exchange = exchangeOf(config, venue)
  const named = config.endpoints.find((endpoint) => endpoint.venue === venue)
  return { exchange, endpoints: named ?? exchange.endpoints }
}

/** What is watched on the configured chains, as instruments. */
export const chainInstruments = (config: EngineConfig): ReadonlyArray<Instrument> =>
  config.chains.flatMap(({ chain, sources }) => sources.map((source) => sourceInstrument(chain, source)))

/** The venues that the instruments name. */
export const venuesOf = (instruments: ReadonlyArray<Instrument>): ReadonlyArray<VenueId> =>
  venueIds.filter((venue) => instruments.some((instrument) => instrument.venue === venue))
