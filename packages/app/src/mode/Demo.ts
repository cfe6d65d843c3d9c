/**
 * The demo: simulated venues on loopback that speak the real protocols, and the whole engine connected to them.
 *
 * The market's time runs faster than the wall's; the engine lives in the market's time.
 */
import { alertPolicyDefaults } from "@evenkeel/alerting/route/AlertPolicy"
import { scenarios, type ScenarioName } from "@evenkeel/connectors/simulated/Scenario"
import { makeSimulatedVenue } from "@evenkeel/connectors/simulated/SimulatedVenue"
import { lockDirectory } from "@evenkeel/store/database/ProcessLock"
import { Effect, FileSystem, Redacted, Schema } from "effect"
import type { EngineConfig } from "../config/EngineConfig.ts"
import { coinsOf, demoDataOf, exchangeOf, instrumentsOf, venuesOf } from "../engine/EngineSetup.ts"
import type { ConfigSource } from "../engine/Reload.ts"
import { runEngine } from "./RunEngine.ts"

/** Real time between two steps of the simulated markets. */
const stepMillis = 50

/** A made-up market leaves no trace among the real one's facts, and pages nobody. */
export const apart = (config: EngineConfig): EngineConfig => ({
  ...config,
  data: demoDataOf(config),
  database: { ...config.database, url: Redacted.make("") },
  alerts: { ...config.alerts, ...alertPolicyDefaults, webhooks: [], services: [] },
  heartbeat: { ...config.heartbeat, url: Redacted.make("") }
})

/** The demo's directory holds what no demo has made. */
export class NotADemo extends Schema.TaggedError<NotADemo>()("NotADemo", { directory: Schema.String, name: Schema.String }) {
  override get message() {
    return `a demo begins anew in ${this.directory}, where ${this.name} is, which no demo has made: choose another place with EVENKEEL_DATA`
  }
}

/** What an engine has in its data directory. */
const made = /^(audit\.key|audit-anchors\.jsonl|reserve|(database|journal|profiles)(\..+)?)$/

/** Every demo's market begins at the same time: what the one before left there would lie in its future. */
const beginAnew = Effect.fnUntraced(function* (directory: string) {
  const files = yield* FileSystem.FileSystem
  yield* lockDirectory(directory)
  if (!(yield* files.exists(directory))) return
  const name = (yield* files.readDirectory(directory)).find((entry) => !made.test(entry))
  if (name !== undefined) return yield* new NotADemo({ directory, name })
  // An engine may have been given this directory as its own.
  yield* Effect.scoped(lockDirectory(`${directory}/database`))
  yield* files.remove(directory, { recursive: true, force: true })
})

export const runDemo = (
  config: EngineConfig,
  options: {
    /** In the configured database and data directory, and told to the configured receivers. */
    readonly configured: boolean
    readonly scenario: ScenarioName
    readonly seed: number
    /** Market seconds in a real second. */
    readonly speed: number
    readonly stopAfterMillis?: number
    /** Followed while the demo runs. */
    readonly source?: ConfigSource
  }
) =>
  Effect.gen(function* () {
    if (!options.configured) yield* beginAnew(apart(config).data)
    const scenario = scenarios[options.scenario](options.seed)
    const began = performance.now()
    const clock = () => scenario.startsAt + (performance.now() - began) * options.speed
    const instruments = instrumentsOf(config)
    const venues = yield* Effect.forEach(
      venuesOf(instruments),
      Effect.fnUntraced(function* (venue, index) {
        const simulated = yield* makeSimulatedVenue({
          venue,
          instruments: instruments.filter((instrument) => instrument.venue === venue),
          scenario,
          seed: options.seed * 10 + index,
          clock,
          stepMillis
        })
        return { exchange: exchangeOf(config, venue), endpoints: simulated.endpoints }
      })
    )
    return yield* runEngine({
      config: options.configured ? config : apart(config),
      setup: {
        coins: coinsOf(config),
        bridges: config.bridges,
        instruments: [...instruments],
        discovered: [],
        venues,
        clock,
        spares: 0,
        engineName: "demo",
        simulated: true,
        warmStart: false,
        // Venues are as fast as the market: silence is measured in real time.
        staleAfterMillis: config.hotPath.staleAfterSeconds * 1000 * Math.max(1, options.speed)
      },
      title: `demo: ${scenario.name}, ${options.speed}x`,
      ...(options.stopAfterMillis === undefined ? {} : { stopAfterMillis: options.stopAfterMillis }),
      ...(options.source === undefined ? {} : { source: options.source })
    })
  }).pipe(Effect.scoped)
