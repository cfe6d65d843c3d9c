import { assert, describe, it } from "@effect/vitest"
import { fingerprintOf } from "@evenkeel/domain/alert/Fingerprint"
import { changeKinds, type LevelChange } from "@evenkeel/domain/risk/RiskLevel"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { levelChange } from "../../test/support/LevelChange.ts"
import { makeKeeper, services } from "../../test/support/Services.ts"
import { layerAlerting } from "../Alerting.ts"
import { Receivers } from "../receiver/Receiver.ts"
import { messageOf } from "../render/Message.ts"
import { AlertTable } from "./AlertTable.ts"
import { compareAlerts } from "./CompareAlerts.ts"
import { rebuildAlerts } from "./RebuildAlerts.ts"

const append = (change: LevelChange) =>
  Effect.flatMap(EventStore, (events) => events.append(`coin/${change?.coin}`, "any", [{ kind: "LevelChanged", payload: change }]))

/** An engine's alerting on the database at hand. */
const engine = (receivers: ReadonlyArray<ReturnType<typeof makeKeeper>["receiver"]>, owner: string, simulated = false) =>
  layerAlerting({ owner, simulated }).pipe(Layer.provide(Layer.succeed(Receivers, receivers)))

/** Changes of some coins that break, recover and break again, in the order of time. */
const history = (count: number): ReadonlyArray<LevelChange> => {
  const levels = ["watch", "warning", "critical", "warning", "normal"] as const
  return Array.from({ length: count }, (_, time) => {
    const step = Math.floor(time / 4) % levels.length
    return levelChange({
      time,
      coin: ["USDC", "DAI", "USDT", "FDUSD"][time % 4]!,
      level: levels[step]!,
      previous: step === 0 ? "normal" : levels[step - 1]!,
      kind: step > 2 ? "recovery" : "break"
    })
  })
}

describe("AlertManager", () => {
  it.live(
    "turns the log into alerts and notifications, and the table can be made anew from the log",
    () => {
      const { receiver, seen } = makeKeeper("kept")
      return Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* Effect.gen(function* () {
          for (const change of history(60)) yield* append(change)
        }).pipe(Effect.provide(engine([receiver], "one")))
        // What was appended before the engine was stopped is told before it ends.
        assert.deepStrictEqual(
          seen
            .filter(({ alerts: [alert] }) => alert.change?.coin === "USDC")
            .map(({ alerts: [alert] }) => `${alert.status} ${alert.level}`),
          Array.from({ length: 3 }, () => ["firing warning", "firing critical", "firing warning", "resolved warning"]).flat()
        )
        const table = sql`select * from alert order by fingerprint`
        const kept = yield* table
        assert.lengthOf(kept, 4)
        yield* sql`update alert set level = 'watch', status = 'firing'`
        assert.strictEqual(yield* rebuildAlerts, 48)
        assert.deepStrictEqual(yield* table, kept)
      }).pipe(Effect.provide(services))
    },
    60_000
  )

  it.live(
    "resolves whatever kind of trouble there was, once it is over",
    () => {
      const { receiver, seen } = makeKeeper("kept")
      const kinds = changeKinds.filter((kind) => kind !== "recovery")
      return Effect.gen(function* () {
        yield* Effect.gen(function* () {
          for (const [time, kind] of kinds.entries()) {
            const level = kind === "stale" ? "stale" : "warning"
            yield* append(levelChange({ time: 2 * time, level, previous: "normal", kind }))
            yield* append(levelChange({ time: 2 * time + 1, level: "normal", previous: level, kind: "recovery" }))
          }
        }).pipe(Effect.provide(engine([receiver], "one")))
        for (const kind of kinds) {
          const told = seen.filter(({ alerts: [alert] }) => alert.fingerprint === fingerprintOf("USDC", kind))
          assert.deepStrictEqual(
            told.map(({ status }) => status),
            ["firing", "resolved"],
            kind
          )
        }
        assert.deepStrictEqual(yield* (yield* AlertTable).list({ all: false, limit: 10 }), [])
      }).pipe(Effect.provide(services))
    },
    60_000
  )

  it.live(
    "says of a made-up market's alerts that they are, and an engine of the real one closes them and opens none",
    () => {
      const { receiver, seen } = makeKeeper("kept")
      const made = levelChange({ level: "critical", previous: "normal", simulated: true })
      return Effect.gen(function* () {
        yield* append(levelChange({ coin: "DAI", level: "critical", previous: "normal" })).pipe(Effect.provide(engine([receiver], "zero")))
        yield* append(made).pipe(Effect.provide(engine([receiver], "one", true)))
        // A demo that was killed has not read its last words.
        yield* append({ ...made, coin: "USDT" })
        yield* Effect.void.pipe(Effect.provide(engine([receiver], "two")))
        assert.deepStrictEqual(
          seen.map(({ alerts: [{ change, closedReason, status }], simulated }) =>
            [change?.coin, status, simulated, closedReason ?? ""].join(" ")
          ),
          ["DAI firing false ", "USDC firing true ", "USDC resolved true its market was simulated"]
        )
        assert.include(messageOf(seen.at(-1)!.alerts[0], true).title, "simulated: USDC: the alert was closed: its market was simulated")
        const firing = yield* (yield* AlertTable).firing
        assert.deepStrictEqual(
          firing.map(({ alert }) => alert.change?.coin),
          ["DAI"]
        )
        const sql = yield* SqlClient.SqlClient
        assert.deepStrictEqual(yield* sql.withTransaction(compareAlerts(0)), [])
      }).pipe(Effect.provide(services))
    },
    60_000
  )

  it.live(
    "sets aside a fact that it does not understand, and goes on",
    () => {
      const { receiver, seen } = makeKeeper("kept")
      return Effect.gen(function* () {
        const events = yield* EventStore
        yield* Effect.gen(function* () {
          yield* events.append("coin/USDC", "any", [{ kind: "LevelChanged", payload: { level: "purple" } }])
          yield* append(levelChange({ level: "critical" }))
        }).pipe(Effect.provide(engine([receiver], "one")))
        assert.lengthOf(seen, 1)
      }).pipe(Effect.provide(services))
    },
    60_000
  )

  it.live(
    "resolves the alerts of a coin that somebody has closed, with the reason, and tells it",
    () => {
      const { receiver, seen } = makeKeeper("kept")
      return Effect.gen(function* () {
        const events = yield* EventStore
        yield* Effect.gen(function* () {
          yield* append(levelChange({ level: "critical" }))
          yield* append(levelChange({ level: "critical", coin: "DAI" }))
          const payload = { coin: "USDC", reason: "not watched any more", time: 7 }
          yield* events.append("operator/USDC", "any", [{ kind: "AlertsClosed", payload }])
        }).pipe(Effect.provide(engine([receiver], "one")))
        const last = seen.at(-1)!
        assert.deepInclude(last.alerts[0], { status: "resolved", level: "critical", endsAt: 7, closedReason: "not watched any more" })
        assert.include(messageOf(last.alerts[0], false).title, "closed by hand: not watched any more")
        assert.deepStrictEqual(
          (yield* (yield* AlertTable).list({ all: false, limit: 10 })).map(({ change }) => change?.coin),
          ["DAI"]
        )
        assert.deepStrictEqual(yield* compareAlerts(0), [])
      }).pipe(Effect.provide(services))
    },
    60_000
  )
})
