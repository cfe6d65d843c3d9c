import { assert, describe, it } from "@effect/vitest"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { MarketClock } from "@evenkeel/runtime/time/MarketClock"
import { beginning, EventStore } from "@evenkeel/store/event/EventStore"
import { Context, Effect, Layer, Schema, type Scope } from "effect"
import { SqlClient } from "effect/sql"
import { makeKeeper, services } from "../../test/support/Services.ts"
import { layerAlerting } from "../Alerting.ts"
import { AlertSettings } from "../AlertSettings.ts"
import { AlertManager } from "../manager/AlertManager.ts"
import { compareAlerts } from "../manager/CompareAlerts.ts"
import { Receivers } from "../receiver/Receiver.ts"
import { alertPolicyDefaults } from "../route/AlertPolicy.ts"
import type { RuleOptions } from "./Rule.ts"
import { RuleCleared, rulesFamily } from "./RuleFacts.ts"
import { RuleWatch } from "./RuleWatch.ts"
import { type Reading, Signals } from "./Signals.ts"

const far: RuleOptions = {
  name: "FarBelow",
  signal: "deviation",
  below: -50,
  clear: -30,
  for: "10s",
  severity: "critical",
  annotations: { summary: "{{coin}} is {{value}} bps away" }
}
const wide: RuleOptions = { name: "Wide", signal: "deviationAbsolute", above: 100, severity: "warning" }

const deviation = (value: number | null, coin = "USDC"): Reading => ({ signal: "deviation", labels: { coin }, value })
const decodeCleared = Schema.decodeUnknownSync(Schema.fromJsonString(RuleCleared))

/** An engine's alerting, whose time is moved by hand. */
const start = Effect.fnUntraced(function* (
  options: { readonly owner?: string; readonly rules?: ReadonlyArray<RuleOptions>; readonly simulated?: boolean } = {}
) {
  const { owner = "one", rules = [far], simulated = false } = options
  let second = 0
  const { receiver, seen } = makeKeeper("desk")
  const context = yield* Layer.build(
    Layer.fresh(
      layerAlerting({ owner, rules, simulated }).pipe(
        Layer.provide(Layer.succeed(Receivers, [receiver])),
        Layer.provide(Layer.succeed(MarketClock, () => second * 1000))
      )
    )
  )
  const signals = Context.get(context, Signals)
  return {
    settings: Context.get(context, AlertSettings),
    manager: Context.get(context, AlertManager),
    seen,
    /** These readings at this second, and a look at the rules; whether this engine is the one that looks. */
    look: (at: number, ...readings: ReadonlyArray<Reading>) =>
      Effect.suspend(() => {
        second = at
        return Effect.andThen(signals.publish("test", readings), Context.get(context, RuleWatch).look)
      })
  }
})

/** What the log says of rules, in words. Readers see a fact once every older transaction is over: so many are waited for. */
const facts = (count: number) => Effect.repeat(readFacts, { until: (all) => all.length >= count })

const readFacts = Effect.gen(function* () {
  const events = yield* EventStore
  return (yield* events.read({ after: beginning, limit: 1000, families: [rulesFamily] })).map(({ kind, payload }) =>
    kind === "RuleFired" ? "fired" : `cleared${((reason) => (reason === null ? "" : `: ${reason}`))(decodeCleared(payload).reason)}`
  )
})

const run = <E>(test: Effect.Effect<void, E, Layer.Success<typeof services> | Scope.Scope>) =>
  test.pipe(Effect.scoped, Effect.provide(services))

describe("rules that people write", () => {
  it.live("fire once after `for`, are cleared once, and are told as alerts that the audit finds in order", () =>
    run(
      Effect.gen(function* () {
        const engine = yield* start()
        for (const [at, value] of [
          [0, -60],
          [9, -62],
          [10, -62.5],
          [11, -40],
          [12, -61],
          [13, -30]
        ] as const)
          yield* engine.look(at, deviation(value))
        assert.deepStrictEqual(yield* facts(2), ["fired", "cleared"])
        const seen = yield* Effect.repeat(engine.manager.list({ all: true, limit: 10 }), { until: (all) => all[0]?.status === "resolved" })
        assert.deepInclude(seen[0], {
          status: "resolved",
          labels: { alertname: "FarBelow", kind: "rule", coin: "USDC", severity: "critical" },
          level: "critical",
          startsAt: 10_000,
          endsAt: 13_000
        })
        assert.deepInclude(seen[0]?.rule, { value: -30, threshold: -50, annotations: { summary: "USDC is -62.5 bps away" } })
        const sql = yield* SqlClient.SqlClient
        assert.deepStrictEqual(yield* sql.withTransaction(compareAlerts(0)), [])
      })
    )
  )

  it.live("go on over a restart from what the log says: no second opening, and no forgotten end", () =>
    run(
      Effect.gen(function* () {
        const now = { ...far, for: "0s" }
        yield* Effect.scoped(Effect.flatMap(start({ rules: [now] }), ({ look }) => look(0, deviation(-60), deviation(-70, "DAI"))))
        assert.deepStrictEqual(yield* facts(2), ["fired", "fired"])
        yield* Effect.scoped(
          Effect.gen(function* () {
            const { look, manager } = yield* start({ owner: "two", rules: [now] })
            // Before the first price nothing is known, and a coin that is not there yet may come.
            yield* look(1)
            yield* look(2, deviation(null), deviation(-65, "DAI"))
            assert.deepStrictEqual(yield* facts(2), ["fired", "fired"])
            yield* look(3, deviation(-10), deviation(-65, "DAI"))
            const firing = yield* Effect.repeat(manager.list({ all: false, limit: 10 }), { until: (all) => all.length === 1 })
            assert.strictEqual(firing[0]?.labels["coin"], "DAI")
          })
        )
        assert.deepStrictEqual(yield* facts(3), ["fired", "fired", "cleared"])
      })
    )
  )

  it.live("are closed with the reason when they are changed or removed while the engine runs", () =>
    run(
      Effect.gen(function* () {
        const { look, manager, settings } = yield* start({ rules: [{ ...far, for: "0s" }, wide] })
        const readings = [deviation(-60), { ...deviation(120), signal: "deviationAbsolute" as const }]
        yield* look(0, ...readings)
        const set = (rules: ReadonlyArray<RuleOptions>) => settings.set({ minimumLevel: "warning", policy: alertPolicyDefaults, rules })
        yield* set([{ ...far, for: "0s", severity: "warning" }])
        yield* look(1, ...readings)
        assert.deepStrictEqual((yield* facts(4)).slice(2, 4).sort(), [
          "cleared: the rule is not configured any more",
          "cleared: the rule was changed"
        ])
        yield* look(2, ...readings)
        assert.strictEqual((yield* facts(5)).at(-1), "fired")
        const firing = yield* Effect.repeat(manager.list({ all: false, limit: 10 }), {
          until: (all) => all.length === 1
        })
        assert.strictEqual(firing[0]?.level, "warning")
        const all = yield* manager.list({ all: true, limit: 10 })
        assert.deepInclude(
          all.find(({ labels }) => labels["alertname"] === "Wide"),
          { closedReason: "the rule is not configured any more", closedBy: "engine" }
        )
      })
    )
  )

  it.live("are judged by one of two engines at a time: they open nothing twice, and the other goes on when the first one stops", () =>
    run(
      Effect.gen(function* () {
        const two = yield* start({ owner: "two" })
        yield* Effect.scoped(
          Effect.gen(function* () {
            // Whoever came first looks, whatever the others see.
            const held = yield* two.look(0, deviation(-10))
            assert.isTrue(held)
            const one = yield* start({ owner: "one" })
            for (const at of [0, 10, 20]) assert.isFalse(yield* one.look(at, deviation(-60)))
            const said = (yield* (yield* HealthRegistry).snapshot).find(({ component }) => component === "rules")
            assert.deepInclude(said, { status: "running", detail: "another engine evaluates the rules" })
            assert.deepStrictEqual(yield* facts(0), [])
            for (const at of [20, 30, 31]) yield* two.look(at, deviation(-60))
            yield* one.look(32, deviation(-10))
            assert.deepStrictEqual(yield* facts(1), ["fired"])
          })
        )
        const sql = yield* SqlClient.SqlClient
        yield* sql`update lease set owner = 'gone', until = 0`
        const three = yield* start({ owner: "three" })
        assert.isTrue(yield* three.look(40, deviation(-60)))
        // The one that had it before does not know yet: its word is the same fact.
        yield* three.look(41, deviation(-10))
        yield* two.look(41, deviation(-10))
        assert.deepStrictEqual(yield* facts(2), ["fired", "cleared"])
      })
    )
  )

  it.live("of the real market are judged beside a demo on the same database, whichever came first", () =>
    run(
      Effect.gen(function* () {
        const rules = [{ ...far, for: "0s" }]
        const demo = yield* start({ owner: "demo", rules, simulated: true })
        assert.isTrue(yield* demo.look(0, deviation(-10)))
        const real = yield* start({ owner: "real", rules })
        assert.isTrue(yield* real.look(0, deviation(-60)))
        assert.isTrue(yield* demo.look(1, deviation(-10)))
        assert.deepStrictEqual(yield* facts(1), ["fired"])
        assert.isFalse(yield* (yield* start({ owner: "second demo", rules, simulated: true })).look(1))
      })
    )
  )

  it.live("of a simulated market are closed by an engine of the real one, and left alone by no demo", () =>
    run(
      Effect.gen(function* () {
        const rules = [{ ...far, for: "0s" }]
        yield* Effect.scoped(Effect.flatMap(start({ rules, simulated: true }), ({ look }) => look(0, deviation(-60))))
        yield* Effect.scoped(Effect.flatMap(start({ rules }), ({ look }) => look(1, deviation(-60))))
        assert.deepStrictEqual([...(yield* facts(3))].sort(), ["cleared: its market was simulated", "fired", "fired"])
        yield* Effect.scoped(Effect.flatMap(start({ rules: [], simulated: true }), ({ look }) => look(2)))
        assert.lengthOf(yield* facts(3), 3)
      })
    )
  )
})
