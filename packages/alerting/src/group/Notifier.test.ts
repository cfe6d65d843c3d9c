import { assert, describe, it } from "@effect/vitest"
import type { Alert } from "@evenkeel/domain/alert/Alert"
import { fingerprintOf } from "@evenkeel/domain/alert/Fingerprint"
import type { RiskLevel } from "@evenkeel/domain/risk/RiskLevel"
import { spanName } from "@evenkeel/runtime/telemetry/Spans"
import { SpanLinks } from "@evenkeel/runtime/telemetry/SpanLinks"
import { Effect, Layer, Option, Tracer } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import { levelChange } from "../../test/support/LevelChange.ts"
import { alertFor } from "../../test/support/Notification.ts"
import { makeKeeper, services } from "../../test/support/Services.ts"
import { AlertSettings } from "../AlertSettings.ts"
import { Dispatcher } from "../dispatch/Dispatcher.ts"
import { Acknowledging } from "../manager/Acknowledging.ts"
import { AlertTable } from "../manager/AlertTable.ts"
import { levelLabels } from "../manager/Decide.ts"
import { SilenceTable } from "../mute/SilenceTable.ts"
import { Receivers } from "../receiver/Receiver.ts"
import { alertPolicyDefaults, type AlertPolicyOptions } from "../route/AlertPolicy.ts"
import { GroupTable } from "./GroupTable.ts"
import { alertLinkOf, Notifier } from "./Notifier.ts"

const everyMinute = { groupBy: ["kind"], groupWait: "10s", groupInterval: "1m", repeatInterval: "5m" }

/** Lets time pass in steps: between two of them the database answers, so that no loop seems to hang in a statement. */
const pass = (seconds: number) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    TestClock.adjust("10 seconds").pipe(Effect.andThen(sql`select 1`), Effect.repeat({ times: seconds / 10 - 1 }))
  )

/** A notifier on the database at hand, with two receivers, and what it tells them in words. */
const notifying = (policy: Partial<AlertPolicyOptions>) => {
  const [desk, pager] = [makeKeeper("desk"), makeKeeper("pager")]
  let position = 0
  const layer = Notifier.layer.pipe(
    Layer.provideMerge(AlertSettings.layer({ minimumLevel: "warning", policy: { ...alertPolicyDefaults, ...policy }, rules: [] })),
    Layer.provideMerge(Dispatcher.layer({ owner: "test" })),
    Layer.provide(Layer.succeed(Receivers, [desk.receiver, pager.receiver]))
  )
  /** The coin's break reaches this level, or is over. */
  const set = Effect.fnUntraced(function* (coin: string, level: RiskLevel, status: Alert["status"] = "firing") {
    const sql = yield* SqlClient.SqlClient
    const alert = alertFor({
      fingerprint: fingerprintOf(coin),
      status,
      level,
      labels: levelLabels(coin, "break", level),
      startsAt: Number.MAX_SAFE_INTEGER,
      change: levelChange({ coin, level })
    })
    const state = { alert, openedPosition: 1, position: ++position }
    yield* sql.withTransaction(Effect.andThen((yield* AlertTable).apply(state), (yield* Notifier).take([state])))
  })
  /** What has been told since the last time, once all that is due was looked at and sent. */
  const told = Effect.gen(function* () {
    const notifier = yield* Notifier
    while ((yield* notifier.lookDue) > 0);
    yield* (yield* Dispatcher).drain
    const words = [desk, pager].flatMap(({ receiver, seen }) =>
      seen
        .splice(0)
        .map(
          ({ acknowledged = [], alerts, status }) =>
            `${receiver.name} ${status}: ${alerts.map(({ change, level, status: own }) => `${change?.coin} ${own === "firing" ? level : "over"}`).join(", ")}${acknowledged.map(({ by, comment }) => ` (${by}: ${comment})`).join("")}`
        )
    )
    return words
  })
  return { layer, set, told }
}

const run = <A, E>(
  policy: Partial<AlertPolicyOptions>,
  test: (
    of: ReturnType<typeof notifying>
  ) => Effect.Effect<
    A,
    E,
    Notifier | SpanLinks | AlertSettings | Acknowledging | Dispatcher | AlertTable | SilenceTable | GroupTable | SqlClient.SqlClient
  >
) => {
  const notifies = notifying(policy)
  return Effect.provide(test(notifies), notifies.layer.pipe(Layer.provideMerge(services)))
}

describe("Notifier", () => {
  it.effect("tells every receiver of every change at once, where nothing is configured", () =>
    run({}, ({ set, told }) =>
      Effect.gen(function* () {
        yield* set("USDC", "warning")
        assert.deepStrictEqual(yield* told, ["desk firing: USDC warning", "pager firing: USDC warning"])
        yield* set("USDC", "critical")
        yield* set("USDC", "critical")
        yield* set("USDC", "warning")
        yield* set("USDC", "normal", "resolved")
        assert.deepStrictEqual((yield* told).slice(0, 3), [
          "desk firing: USDC critical",
          "desk firing: USDC warning",
          "desk resolved: USDC over"
        ])
        assert.deepStrictEqual(yield* (yield* GroupTable).due(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 9), [])
      })
    )
  )

  it.effect("tells a group that waited under the span of its first alert, with links to the others'", () => {
    const spans: Array<Tracer.Span> = []
    const tracer = Tracer.make({
      span: (options) => {
        const span = new Tracer.NativeSpan(options)
        spans.push(span)
        return span
      }
    })
    const named = (name: string) => spans.find((span) => span.name === name)!
    return run({ route: { ...everyMinute, receivers: ["desk"] } }, ({ set, told }) =>
      Effect.gen(function* () {
        const links = yield* SpanLinks
        for (const [coin, level] of [
          ["USDC", "warning"],
          ["DAI", "critical"]
        ] as const)
          yield* Effect.gen(function* () {
            links.set(alertLinkOf(fingerprintOf(coin)), yield* Effect.currentSpan)
            yield* set(coin, level)
          }).pipe(Effect.withSpan(coin))
        yield* TestClock.adjust("10 seconds")
        assert.lengthOf(yield* told, 1)
        const sent = named(spanName("notificationSent"))
        assert.strictEqual(Option.getOrUndefined(sent.parent), named("DAI"))
        assert.deepStrictEqual(
          sent.links.map(({ span }) => span.spanId),
          [named("USDC").spanId]
        )
        assert.strictEqual(Option.getOrUndefined(named(spanName("notificationDelivered")).parent), sent)
      })
    ).pipe(Effect.withTracer(tracer))
  })

  it.effect("tells a group together after its wait, its changes after its interval, and repeats it", () =>
    run({ route: { ...everyMinute, receivers: ["desk"] } }, ({ set, told }) =>
      Effect.gen(function* () {
        yield* set("USDC", "warning")
        yield* set("DAI", "critical")
        assert.deepStrictEqual(yield* told, [])
        yield* TestClock.adjust("10 seconds")
        assert.deepStrictEqual(yield* told, ["desk firing: DAI critical, USDC warning"])
        yield* set("USDC", "critical")
        yield* set("DAI", "normal", "resolved")
        assert.deepStrictEqual(yield* told, [])
        yield* pass(60)
        assert.deepStrictEqual(yield* told, ["desk firing: USDC critical, DAI over"])
        yield* pass(60)
        assert.deepStrictEqual(yield* told, [])
        yield* pass(300)
        assert.deepStrictEqual(yield* told, ["desk firing: USDC critical"])
      })
    )
  )

  it.effect("leads an alert elsewhere when it becomes severe, and tells all who heard of it that it is over", () =>
    run({ route: { receivers: ["desk"], routes: [{ matchers: ['severity="critical"'], receivers: ["pager"] }] } }, ({ set, told }) =>
      Effect.gen(function* () {
        yield* set("USDC", "warning")
        assert.deepStrictEqual(yield* told, ["desk firing: USDC warning"])
        yield* set("USDC", "critical")
        assert.deepStrictEqual(yield* told, ["pager firing: USDC critical"])
        yield* set("USDC", "critical", "resolved")
        assert.deepStrictEqual(yield* told, ["desk resolved: USDC over", "pager resolved: USDC over"])
      })
    )
  )

  it.effect("tells a change once, where it leads the alert into another group of the same route", () =>
    run({ route: { receivers: ["desk"], groupBy: ["coin", "severity"] } }, ({ set, told }) =>
      Effect.gen(function* () {
        yield* set("USDC", "warning")
        assert.deepStrictEqual(yield* told, ["desk firing: USDC warning"])
        yield* set("USDC", "critical")
        assert.deepStrictEqual(yield* told, ["desk firing: USDC critical"])
        yield* set("USDC", "critical", "resolved")
        assert.deepStrictEqual(yield* told, ["desk resolved: USDC over"])
      })
    )
  )

  it.effect("holds back what is silenced, and tells it when the silence is over", () =>
    run({ route: { receivers: ["desk"] } }, ({ set, told }) =>
      Effect.gen(function* () {
        const startsAt = yield* (yield* GroupTable).now
        const silence = { id: "s", matchers: ['coin="USDC"'], startsAt, endsAt: startsAt + 60_000, createdBy: "ann", comment: "known" }
        yield* (yield* SilenceTable).apply(silence)
        yield* set("USDC", "critical")
        yield* set("DAI", "critical")
        assert.deepStrictEqual(yield* told, ["desk firing: DAI critical"])
        yield* pass(30)
        assert.deepStrictEqual(yield* told, [])
        yield* pass(40)
        assert.deepStrictEqual(yield* told, ["desk firing: USDC critical"])
      })
    )
  )

  it.effect("inhibits by what fires, of any coin", () => {
    const inhibitRules = [{ sourceMatchers: ['coin="USDC"', 'severity="critical"'], targetMatchers: ['coin="DAI"'], equal: ["kind"] }]
    return run({ route: { receivers: ["desk"] }, inhibitRules }, ({ set, told }) =>
      Effect.gen(function* () {
        yield* set("USDC", "critical")
        yield* set("DAI", "critical")
        assert.deepStrictEqual(yield* told, ["desk firing: USDC critical"])
        yield* set("USDC", "critical", "resolved")
        yield* TestClock.adjust("2 seconds")
        assert.deepStrictEqual(yield* told, ["desk resolved: USDC over", "desk firing: DAI critical"])
      })
    )
  })

  it.effect("tells others what nobody has acknowledged in time, and repeats nothing that somebody has", () => {
    const route = { receivers: ["desk"], repeatInterval: "5m", escalate: { after: "1m", receivers: ["pager"] } }
    return run({ route }, ({ set, told }) =>
      Effect.gen(function* () {
        const { acknowledge } = yield* Acknowledging
        yield* set("USDC", "warning")
        yield* set("DAI", "warning")
        assert.deepStrictEqual(yield* told, ["desk firing: USDC warning", "desk firing: DAI warning"])
        yield* acknowledge(fingerprintOf("DAI"), { by: "ann", comment: "" })
        yield* pass(50)
        assert.deepStrictEqual(yield* told, [])
        yield* pass(20)
        assert.deepStrictEqual(yield* told, ["pager firing: USDC warning"])
        yield* acknowledge(fingerprintOf("USDC"), { by: "bob", comment: "on it" })
        yield* pass(360)
        assert.deepStrictEqual(yield* told, [])
        // What has become worse is unseen again.
        yield* set("DAI", "critical")
        assert.deepStrictEqual(yield* told, ["desk firing: DAI critical"])
        yield* pass(70)
        assert.deepStrictEqual(yield* told, ["pager firing: DAI critical"])
        yield* pass(240)
        assert.deepStrictEqual(yield* told, ["desk firing: DAI critical"])
        yield* set("DAI", "critical", "resolved")
        assert.deepStrictEqual(yield* told, ["desk resolved: DAI over", "pager resolved: DAI over"])
        assert.strictEqual((yield* Effect.flip(acknowledge(fingerprintOf("DAI"), { by: "ann", comment: "" })))._tag, "NoSuchAlert")
      })
    )
  })

  it.effect("says in what it repeats of a group which of its alerts somebody has acknowledged, for as long as they are", () =>
    run({ route: { receivers: ["desk"], groupBy: [], repeatInterval: "1m" } }, ({ set, told }) =>
      Effect.gen(function* () {
        yield* set("USDC", "warning")
        yield* set("DAI", "warning")
        yield* told
        yield* (yield* Acknowledging).acknowledge(fingerprintOf("DAI"), { by: "ann", comment: "on it" })
        yield* pass(70)
        assert.deepStrictEqual(yield* told, ["desk firing: USDC warning, DAI warning (ann: on it)"])
        yield* set("DAI", "critical")
        assert.deepStrictEqual(yield* told, ["desk firing: DAI critical, USDC warning"])
      })
    )
  )

  it.effect("leads what fires another way as soon as that is configured, and repeats nothing where the way is the same", () =>
    run({ route: { receivers: ["desk"] } }, ({ set, told }) =>
      Effect.gen(function* () {
        yield* set("USDC", "critical")
        yield* set("DAI", "warning")
        assert.deepStrictEqual(yield* told, ["desk firing: USDC critical", "desk firing: DAI warning"])
        const routes = [{ matchers: ['severity="critical"'], receivers: ["pager"] }]
        yield* (yield* AlertSettings).set({
          minimumLevel: "warning",
          policy: { ...alertPolicyDefaults, route: { receivers: ["desk"], routes } },
          rules: []
        })
        assert.deepStrictEqual(yield* told, ["pager firing: USDC critical"])
        yield* set("USDC", "critical", "resolved")
        assert.deepStrictEqual(yield* told, ["desk resolved: USDC over", "pager resolved: USDC over"])
      })
    )
  )

  it.effect("leads what fires away and back again, and tells then what it tells of any group", () => {
    const telling = (receiver: string, coins: string) => ({
      route: { receivers: [], repeatInterval: "1m", routes: [{ matchers: [coins], receivers: [receiver] }] }
    })
    return run(telling("pager", 'coin="USDC"'), ({ set, told }) =>
      Effect.gen(function* () {
        const settings = yield* AlertSettings
        const configure = (policy: Pick<AlertPolicyOptions, "route">) =>
          settings.set({ minimumLevel: "warning", policy: { ...alertPolicyDefaults, ...policy }, rules: [] })
        yield* set("USDC", "critical")
        yield* pass(70)
        assert.deepStrictEqual(yield* told, ["pager firing: USDC critical", "pager firing: USDC critical"])
        yield* configure(telling("desk", 'coin!="DAI"'))
        assert.deepStrictEqual(yield* told, ["desk firing: USDC critical"])
        yield* configure(telling("pager", 'coin="USDC"'))
        assert.deepStrictEqual(yield* told, [], "it knows")
        // One that is new to a route that was taken out and put in again is told as any other.
        yield* configure(telling("pager", 'coin=~"USDC|FRAX"'))
        yield* set("FRAX", "critical")
        assert.deepStrictEqual(yield* told, ["pager firing: FRAX critical"])
        yield* set("FRAX", "critical", "resolved")
        yield* set("USDC", "critical", "resolved")
        assert.sameMembers([...(yield* told)], ["pager resolved: FRAX over", "desk resolved: USDC over", "pager resolved: USDC over"])
      })
    )
  })

  it.effect("tells each change along routes by severity, also one that was told before, and each end once", () => {
    const critical = { matchers: ['severity="critical"'], receivers: ["desk", "pager"] }
    return run({ route: { receivers: ["desk"], groupBy: ["kind"], routes: [critical] } }, ({ set, told }) =>
      Effect.gen(function* () {
        for (let turn = 0; turn < 2; turn++) {
          yield* set("USDC", "warning")
          assert.deepStrictEqual(yield* told, ["desk firing: USDC warning"])
          yield* set("USDC", "critical")
          assert.deepStrictEqual(yield* told, ["desk firing: USDC critical", "pager firing: USDC critical"])
          yield* pass(60)
          assert.deepStrictEqual(yield* told, [])
        }
        yield* set("USDC", "critical", "resolved")
        assert.deepStrictEqual(yield* told, ["desk resolved: USDC over", "pager resolved: USDC over"])
      })
    )
  })

  it.effect("tells nothing again where labels group by something else, or routes come before, and an end to those who heard of it", () =>
    run({ route: { receivers: ["desk"], groupBy: ["coin"] } }, ({ set, told }) =>
      Effect.gen(function* () {
        const settings = yield* AlertSettings
        const configure = (route: AlertPolicyOptions["route"]) =>
          settings.set({ minimumLevel: "warning", policy: { ...alertPolicyDefaults, route }, rules: [] })
        yield* set("USDC", "critical")
        assert.deepStrictEqual(yield* told, ["desk firing: USDC critical"])
        yield* (yield* Acknowledging).acknowledge(fingerprintOf("USDC"), { by: "ann", comment: "" })
        yield* configure({ receivers: ["desk"], groupBy: ["kind"] })
        assert.deepStrictEqual(yield* told, [])
        yield* configure({ receivers: ["desk"], groupBy: ["kind"], routes: [{ matchers: ['coin="XYZ"'] }, { matchers: ['coin="USDC"'] }] })
        assert.deepStrictEqual(yield* told, [])
        yield* configure({ receivers: ["pager"], groupBy: ["kind"] })
        assert.deepStrictEqual(yield* told, ["pager firing: USDC critical (ann: )"])
        yield* set("USDC", "critical", "resolved")
        assert.deepStrictEqual(yield* told, ["desk resolved: USDC over", "pager resolved: USDC over"])
      })
    )
  )

  it.effect("goes on with what another configuration left: known groups are not told again, lost routes lead elsewhere", () =>
    Effect.gen(function* () {
      const child = { matchers: ['coin="DAI"'], receivers: ["pager"], ...everyMinute, groupWait: "0s" }
      const before = notifying({ route: { receivers: ["desk"], routes: [child] } })
      yield* Effect.gen(function* () {
        yield* before.set("USDC", "critical")
        yield* before.set("DAI", "critical")
        assert.deepStrictEqual(yield* before.told, ["desk firing: USDC critical", "pager firing: DAI critical"])
      }).pipe(Effect.provide(before.layer))
      yield* pass(120)
      const after = notifying({ route: { receivers: ["desk"] } })
      assert.deepStrictEqual(yield* Effect.provide(after.told, after.layer), ["desk firing: DAI critical"])
    }).pipe(Effect.provide(services))
  )
})
