/** What people do about alerts while the world goes on: they silence, end silences, acknowledge, and change the configuration. */
import { Acknowledging } from "@evenkeel/alerting/manager/Acknowledging"
import { AlertManager } from "@evenkeel/alerting/manager/AlertManager"
import { Silencing } from "@evenkeel/alerting/mute/Silencing"
import { Effect } from "effect"
import type { Mishap } from "./Mishaps.ts"
import { upOn, type World } from "./World.ts"

const listedMax = 50

const machineUp = ({ chance, machines }: World) => {
  const up = machines.filter((machine) => upOn(machine) !== undefined)
  return up.length === 0 ? undefined : chance.one(up)
}

/** The people's doing, where there is an engine that they can ask. */
const asked = (name: string, weight: number, begin: (world: World) => Effect.Effect<Effect.Effect<void>>): Mishap => ({
  name,
  weight,
  begin: (world) => (world.alerting === undefined ? Effect.succeed(Effect.void) : begin(world))
})

export const alertActions: ReadonlyArray<Mishap> = [
  asked("a silence is set", 4, (world) => {
    const { chance, choice } = world
    const machine = machineUp(world)
    const matchers = chance.one([
      [`coin="${chance.one(choice.coins)}"`],
      [`kind="${chance.one(["rule", "stale", "break"])}"`],
      [`severity="${chance.one(["critical", "warning"])}"`, `coin="${chance.one(choice.coins)}"`]
    ])
    const isEnded = chance.happens(0.7)
    const draft = { matchers, minutes: 1, createdBy: "ann", comment: "known" }
    if (machine === undefined) return Effect.succeed(Effect.void)
    const end = Effect.flatMap(Silencing, (silencing) =>
      Effect.flatMap(silencing.list(listedMax), (silences) =>
        Effect.forEach(
          // Those like it: ids are drawn anew each time, and must not decide which.
          silences.filter((silence) => silence.state === "active" && silence.matchers.join() === matchers.join()),
          ({ id }) => silencing.expire(id, "bob")
        )
      )
    )
    return Effect.as(
      machine.ask(Effect.flatMap(Silencing, (silencing) => silencing.set(draft))),
      isEnded ? Effect.suspend(() => machineUp(world)?.ask(end) ?? Effect.void) : Effect.void
    )
  }),
  asked("an alert is acknowledged", 4, (world) => {
    const machine = machineUp(world)
    const place = world.chance.next()
    if (machine === undefined) return Effect.succeed(Effect.void)
    const acknowledged = Effect.gen(function* () {
      const alerts = yield* (yield* AlertManager).list({ all: false, limit: listedMax })
      const alert = alerts.toSorted((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1))[Math.floor(place * alerts.length)]
      if (alert !== undefined) yield* (yield* Acknowledging).acknowledge(alert.fingerprint, { by: "ann", comment: "" })
    })
    return Effect.as(machine.ask(acknowledged), Effect.void)
  }),
  asked("the configuration is changed", 3, (world) => {
    const { alerting, chance, hasTwo, machines, time } = world
    const [machine] = machines
    const drawn = chance.next()
    // Engines that share a database must have the same routes.
    if (alerting === undefined || hasTwo || machine === undefined || upOn(machine) === undefined) return Effect.succeed(Effect.void)
    if (drawn < 0.2) return Effect.as(machine.reload("invalid"), Effect.void)
    if (drawn < 0.3) return Effect.as(machine.reload("unknown receiver"), Effect.void)
    const plan = alerting.plans.find((each) => each !== machine.run?.choice.plan)!
    alerting.changes.push({ at: time.elapsed, plan })
    return Effect.as(machine.reload(plan), Effect.void)
  })
]
