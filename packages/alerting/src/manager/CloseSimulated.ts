/**
 * Closes, before anything else looks, the alerts that a made-up market has left firing.
 *
 * The real market's engine has no use for them, and a demo's market begins anew at each start, so that nothing of the one before can go on: without this
 * its alerts would hold back those of the next one, which are no news then. A real engine's rules are closed by `RuleWatch`.
 */
import { LevelChange, levelChangesFamily, operatorFamily, simulatedStreams } from "@evenkeel/domain/risk/RiskLevel"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { Clock, Effect, Layer, Option, Schema } from "effect"
import { RuleCleared, RuleFired, ruleFactKey, rulesFamily } from "../rule/RuleFacts.ts"
import { AlertTable } from "./AlertTable.ts"
import type { AlertsClosed } from "./Decide.ts"

export interface CloseSimulatedOptions {
  /** Tells this run of the engine from every other. */
  readonly owner: string
  /** This engine's own market is made up as well. */
  readonly simulated: boolean
}

const decodeChange = Schema.decodeUnknownOption(Schema.fromJsonString(LevelChange))
const decodeFired = Schema.decodeUnknownOption(Schema.fromJsonString(RuleFired))

const closeSimulated = Effect.fn("CloseSimulated.close")(function* ({ owner, simulated }: CloseSimulatedOptions) {
  const events = yield* EventStore
  const table = yield* AlertTable
  const time = yield* Clock.currentTimeMillis
  const reason = simulated ? "another demo began" : "its market was simulated"
  /** Two engines that start at once say it once: a fact with its key is there once. */
  const append = (stream: string, kind: string, payload: AlertsClosed | RuleCleared, key: string) =>
    events.append(stream, "any", [{ kind, payload, key }]).pipe(Effect.catchTag("ConcurrencyConflict", Effect.die))

  /** Of each coin, the last position that is known of its trouble. */
  const coins = new Map<string, number>()
  const add = (coin: string, position: number) => coins.set(coin, Math.max(position, coins.get(coin) ?? 0))
  for (const { alert, openedPosition } of yield* table.firing)
    if (alert.simulated === true && alert.change !== undefined) add(alert.change.coin, openedPosition)
  // A demo that was killed may have left changes that no alert has followed yet; an engine of the real market passes over them.
  if (simulated)
    for (const { payload, position } of yield* events.lastOfStreams(levelChangesFamily)) {
      const change = decodeChange(payload)
      if (Option.isSome(change) && change.value.simulated === true && change.value.level !== "normal") add(change.value.coin, position)
    }
  for (const [coin, position] of coins) {
    const payload: AlertsClosed = { coin, reason, time, simulatedOnly: true }
    yield* append(`${operatorFamily}/${simulatedStreams}${coin}`, "AlertsClosed", payload, `${coin} simulated ${position}`)
    yield* Effect.logWarning("alerts of a simulated market are closed", { coin })
  }
  if (!simulated) return
  for (const { kind, payload, position, stream } of yield* events.lastOfStreams(rulesFamily)) {
    const fired = kind === "RuleFired" ? decodeFired(payload) : Option.none()
    if (Option.isNone(fired) || fired.value.simulated !== true) continue
    const { fingerprint, rule } = fired.value
    const cleared: RuleCleared = { fingerprint, rule, time, by: owner, value: null, reason }
    yield* append(stream, "RuleCleared", cleared, ruleFactKey("RuleCleared", fingerprint, position))
  }
})

/** What stands on it sees none of a made-up market's alerts but its own. */
export const layerCloseSimulated = (options: CloseSimulatedOptions) => Layer.effectDiscard(closeSimulated(options))
