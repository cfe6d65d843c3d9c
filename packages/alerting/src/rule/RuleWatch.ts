/**
 * Evaluates the rules, each second, and writes into the log when an instance of one begins to fire and when it ends: once each.
 *
 * What fires is what the log says: a restart goes on from there. A step that needs a fact is taken when the fact is written, so that a database that is away
 * delays it and loses nothing. Of several engines on a database the holder of a lease evaluates, and the others keep count of what is pending. Readings
 * differ from one engine to the next, and two that judged the same instance would open and close it in turn. The real market and a simulated one have a
 * lease each, as they have instances of their own: a demo does not switch off the real rules. A fact's key names the fact that it follows: should two
 * engines write it all the same, it is there once.
 */
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { Metrics } from "@evenkeel/runtime/telemetry/Metrics"
import { MarketClock } from "@evenkeel/runtime/time/MarketClock"
import { databaseProblem, statementHangsAfter } from "@evenkeel/store/database/DatabaseProblem"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { makeLease } from "@evenkeel/store/lease/Lease"
import { Context, Effect, Layer, Metric, Schema, Semaphore } from "effect"
import type { SqlError } from "effect/sql"
import { AlertSettings } from "../AlertSettings.ts"
import { causeOf, compileRule, type Rule, type RuleOptions, ruleLabels } from "./Rule.ts"
import { RuleCleared, RuleFired, ruleFactKey, rulesFamily } from "./RuleFacts.ts"
import { type Due, evaluate, type Instance, instancesMax, type Standing } from "./RuleSet.ts"
import { Signals } from "./Signals.ts"

export interface RuleWatchOptions {
  /** Tells this run of the engine from every other. */
  readonly owner: string
  /** The market is made up. */
  readonly simulated: boolean
}

export class RuleWatch extends Context.Service<
  RuleWatch,
  {
    /** Looks at all rules once; false where another engine of the same market does. The loop does so each second. */
    readonly look: Effect.Effect<boolean, SqlError.SqlError>
  }
>()("@evenkeel/alerting/rule/RuleWatch") {
  static readonly layer = (options: RuleWatchOptions) => Layer.effect(RuleWatch, makeRuleWatch(options))
}

const lookEvery = "1 second"
/** While the database is away. */
const databaseWait = "2 seconds"
const component = "rules"

const decodeFired = Schema.decodeUnknownOption(Schema.fromJsonString(RuleFired))

type Standings = Map<string, Standing & { readonly position: number }>

const makeRuleWatch = Effect.fnUntraced(function* ({ owner, simulated }: RuleWatchOptions) {
  const clock = yield* MarketClock
  const events = yield* EventStore
  const health = yield* HealthRegistry
  const settings = yield* AlertSettings
  const signals = yield* Signals
  const supervisor = yield* Supervisor
  const lease = yield* makeLease({ name: simulated ? `${component}:simulated` : component, owner })

  let configured: ReadonlyArray<RuleOptions> | undefined
  let rules: ReadonlyMap<string, Rule> = new Map()
  const refresh = () => {
    const now = settings.current().rules
    if (now === configured) return
    configured = now
    rules = new Map(now.map(compileRule).map((rule) => [rule.name, rule]))
  }

  let instances: ReadonlyMap<string, Instance> = new Map()
  /** What fires, by the log; undefined while another engine may have written since. */
  let standing: Standings | undefined
  /** Of each instance that has ever fired, the position of its last fact. */
  let last = new Map<string, number>()

  const readStanding = Effect.gen(function* () {
    const found: Standings = new Map()
    last = new Map()
    for (const { kind, payload, position, stream } of yield* events.lastOfStreams(rulesFamily)) {
      const fingerprint = stream.slice(rulesFamily.length + 1)
      last.set(fingerprint, position)
      if (kind !== "RuleFired") continue
      const fired = decodeFired(payload)
      if (fired._tag === "Some") found.set(fingerprint, { ...fired.value, simulated: fired.value.simulated === true, position })
    }
    standing = found
    return found
  })

  /** Writes what is due; true where it is in the log by this engine's word. */
  const append = Effect.fnUntraced(function* (fingerprint: string, kind: "RuleFired" | "RuleCleared", payload: RuleFired | RuleCleared) {
    const key = ruleFactKey(kind, fingerprint, last.get(fingerprint) ?? 0)
    const { appended, position } = yield* events
      .append(`${rulesFamily}/${fingerprint}`, "any", [{ kind, payload, key }])
      // A fact of "any" version cannot conflict.
      .pipe(Effect.catchTag("ConcurrencyConflict", Effect.die))
    last.set(fingerprint, position)
    return { isNew: appended > 0, position }
  })

  const write = Effect.fnUntraced(function* (due: Due, known: Standings, now: number) {
    if (due.event === "fired") {
      const { fingerprint, own, rule } = due.instance
      const cause = causeOf(rule, own, due.value)
      const { definition, name, severity } = rule
      const payload: RuleFired = {
        fingerprint,
        rule: name,
        time: now,
        by: owner,
        definition,
        own,
        labels: ruleLabels(rule, own),
        severity,
        cause,
        ...(simulated ? { simulated } : {})
      }
      const { isNew, position } = yield* append(fingerprint, "RuleFired", payload)
      known.set(fingerprint, { fingerprint, rule: name, definition, own, simulated, position })
      if (!isNew) return false
      yield* Effect.logInfo("a rule fires", { rule: name, ...own, value: due.value })
      yield* Metric.update(Metric.withAttributes(Metrics.ruleChanges, { rule: name, event: "fired" }), 1)
      return true
    }
    const { fingerprint, reason, rule, value } = due
    const { isNew } = yield* append(fingerprint, "RuleCleared", { fingerprint, rule, time: now, by: owner, value, reason })
    known.delete(fingerprint)
    if (!isNew) return false
    yield* Effect.logInfo("a rule is cleared", { rule, fingerprint, value, reason })
    yield* Metric.update(Metric.withAttributes(Metrics.ruleChanges, { rule, event: "cleared" }), 1)
    return true
  })

  let firing = 0
  const looking = yield* Semaphore.make(1)
  const look = Effect.gen(function* () {
    refresh()
    // Where there are no rules, and none fires, the database is asked nothing.
    if (rules.size === 0 && standing?.size === 0) return true
    const now = Math.round(clock())
    const isHeld = yield* lease.hold
    if (!isHeld) standing = undefined
    const known = isHeld ? (standing ?? (yield* readStanding)) : new Map()
    const found = evaluate(rules, yield* signals.readings, instances, known, { simulated }, now)
    instances = found.instances
    if (isHeld) {
      let agrees = true
      for (const due of found.due) agrees = (yield* write(due, known, now)) && agrees
      // Somebody else has written: what fires is read anew.
      if (!agrees) standing = undefined
    }
    firing = known.size
    yield* found.beyond === 0 || !isHeld
      ? health.report(component, "running", isHeld ? "" : "another engine evaluates the rules")
      : health.report(component, "degraded", `${found.beyond} instances of rules beyond ${instancesMax} are not evaluated`)
    return isHeld
  }).pipe(looking.withPermit)

  yield* health.gauge(component, "firing", () => firing)
  yield* health.gauge(component, "instances", () => instances.size)
  yield* supervisor.superviseBeating(
    component,
    ({ beat, waiting }) =>
      look.pipe(
        Effect.asVoid,
        Effect.catchTag("SqlError", (error) =>
          health.report(component, "degraded", databaseProblem(error)).pipe(Effect.andThen(waiting(Effect.sleep(databaseWait))))
        ),
        Effect.andThen(beat),
        Effect.andThen(waiting(Effect.sleep(lookEvery))),
        Effect.forever
      ),
    statementHangsAfter
  )
  return RuleWatch.of({ look })
})
