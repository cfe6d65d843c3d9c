/**
 * What can happen to a world: faults at every seam, drawn from its seed. A mishap begins, and what lasts ends after a while.
 */
import { Effect } from "effect"
import { fillDisk, freeDisk } from "../database/FullDisk.ts"
import type { OfflineVenue } from "../venue/OfflineVenue.ts"
import { choiceOf, upOn, type World } from "./World.ts"

export interface Mishap {
  readonly name: string
  /** How often it is drawn, against the others. */
  readonly weight: number
  /** Begins it; the answer ends it. */
  readonly begin: (world: World) => Effect.Effect<Effect.Effect<void>>
}

const lasting = (name: string, weight: number, begin: (world: World) => () => void): Mishap => ({
  name,
  weight,
  begin: (world) => Effect.sync(() => Effect.sync(begin(world)))
})

const momentary = (name: string, weight: number, happen: (world: World) => Effect.Effect<void>): Mishap => ({
  name,
  weight,
  begin: (world) => Effect.as(happen(world), Effect.void)
})

const plain = (happen: (world: World) => void) => (world: World) => Effect.sync(() => happen(world))

const someVenue = ({ chance, venues }: World): OfflineVenue => chance.one([...venues.values()])
const someReceiver = ({ chance, receivers }: World) => chance.one(receivers)
const someMachine = ({ chance, machines }: World) => chance.one(machines.filter(({ run }) => run !== undefined))

/** Sets a property for as long as the mishap lasts. */
const setting = <Target, Key extends keyof Target>(target: Target, key: Key, value: Target[Key]) => {
  const before = target[key]
  target[key] = value
  return () => {
    target[key] = before
  }
}

const rates = (name: string, weight: number, drawn: (world: World) => Partial<OfflineVenue["faults"]["rates"]>) =>
  lasting(name, weight, (world) => {
    const { faults } = someVenue(world)
    return setting(faults, "rates", { ...faults.rates, ...drawn(world) })
  })

export const mishaps: ReadonlyArray<Mishap> = [
  lasting("a venue is silent", 2, (world) => setting(someVenue(world), "mute", true)),
  lasting("all venues are silent", 2, ({ venues }) => {
    const ends = [...venues.values()].map((venue) => setting(venue, "mute", true))
    return () => ends.forEach((end) => end())
  }),
  lasting("a venue refuses connections", 1, (world) => {
    const venue = someVenue(world)
    const end = setting(venue, "refusing", true)
    venue.disconnect()
    return end
  }),
  lasting("a venue cannot be reached", 1, (world) => {
    const venue = someVenue(world)
    const end = setting(venue, "unreachable", true)
    venue.halfOpen()
    return end
  }),
  momentary(
    "connections are cut",
    2,
    plain((world) => someVenue(world).disconnect())
  ),
  momentary(
    "connections are left half open",
    2,
    plain((world) => someVenue(world).halfOpen())
  ),
  lasting("a venue's REST fails", 1, (world) => setting(someVenue(world), "restStatus", world.chance.one([429, 500, 403]))),
  lasting("a venue's checksums are wrong", 1, (world) => setting(someVenue(world), "badChecksums", true)),
  lasting("a venue is slow", 1, (world) => setting(someVenue(world), "delayMillis", world.chance.whole(200, 3000))),
  rates("frames are lost", 2, ({ chance }) => ({ drop: chance.between(0.01, 0.2) })),
  rates("frames are doubled", 1, ({ chance }) => ({ duplicate: chance.between(0.01, 0.2) })),
  rates("frames are out of order", 1, ({ chance }) => ({ reorder: chance.between(0.01, 0.2) })),
  rates("frames are damaged", 1, ({ chance }) => ({ corrupt: chance.between(0.01, 0.2) })),
  rates("frames cut their connection", 1, ({ chance }) => ({ cut: chance.between(0.005, 0.05) })),
  momentary(
    "the thread dies",
    3,
    plain((world) => someMachine(world)?.threads.dieAfter(world.chance.whole(0, 40), world.chance.happens(0.5)))
  ),
  lasting("the thread hangs", 2, (world) => {
    const machine = someMachine(world)
    return machine === undefined ? () => {} : setting(machine.threads, "hanging", true)
  }),
  lasting("the database is down", 2, ({ database }) => setting(database, "down", true)),
  lasting("the database hangs", 1, ({ database }) => setting(database, "hanging", true)),
  {
    name: "the database's disk is full",
    weight: 1,
    begin: ({ alerting, database, time }) => {
      // Those without plans are as they were before there were any.
      if (alerting === undefined) return Effect.succeed(Effect.void)
      const soon = (effect: Effect.Effect<void, unknown>) => Effect.asVoid(Effect.forkDetach(time.on(Effect.ignoreCause(effect))))
      return Effect.as(soon(fillDisk(database)), soon(freeDisk(database)))
    }
  },
  momentary(
    "the database's connections are cut",
    1,
    plain(({ database }) => database.cutAll())
  ),
  momentary(
    "a statement is lost",
    3,
    plain(({ chance, database }) => database.fault(chance.whole(0, 60), "lost-before"))
  ),
  momentary(
    "an answer of the database is lost",
    3,
    plain(({ chance, database }) => database.fault(chance.whole(0, 60), "lost-after"))
  ),
  lasting("a receiver fails", 2, (world) => setting(someReceiver(world), "failing", true)),
  lasting("a receiver is slow", 2, (world) => setting(someReceiver(world), "slowMillis", world.chance.whole(1000, 40_000))),
  lasting("a receiver's answers are lost", 2, (world) => setting(someReceiver(world), "silent", true)),
  lasting("a venue's prices are wrong", 1, (world) => {
    Object.assign(world.liar, { venue: someVenue(world).id, bps: world.chance.one([-500, -100, 300]) })
    return () => Object.assign(world.liar, { venue: "", bps: 0 })
  }),
  momentary(
    "a venue sends nonsense",
    1,
    plain((world) => someVenue(world).broadcast(world.chance.one(nonsense)))
  ),
  lasting("the wall's clock is set", 1, ({ chance, clockOffsets, time }) => {
    const offset = chance.one([-3_600_000, -20_000, 20_000, 3_600_000])
    clockOffsets.add(offset)
    return setting(time, "wallOffset", offset)
  }),
  momentary(
    "the machine sleeps",
    1,
    plain(({ chance, time }) => time.suspend(chance.whole(5000, 600_000)))
  ),
  {
    name: "a second engine runs",
    weight: 2,
    begin: (world) => {
      const machine = world.machines[1]!
      if (!world.hasTwo || machine.run !== undefined) return Effect.succeed(Effect.void)
      return Effect.as(
        machine.start(world.choice),
        Effect.suspend(() => (world.chance.happens(0.5) ? machine.kill() : machine.stop()))
      )
    }
  },
  {
    name: "an engine is started with another configuration",
    weight: 2,
    begin: ({ alerting, chance, choice, hasTwo, machines, receivers }) => {
      const machine = machines[0]!
      if (machine.run === undefined) return Effect.succeed(Effect.void)
      const coins = chance.happens(0.5) ? choice.coins : [chance.one(choice.coins)]
      const told = chance.happens(0.5) ? receivers : receivers.slice(0, 1)
      // A plan names all of its receivers, so that it is another plan, or the same.
      const started =
        alerting === undefined
          ? choiceOf(coins, choice.instruments, told)
          : choiceOf(coins, choice.instruments, receivers, alerting.plans[told === receivers || hasTwo ? 0 : 1])
      return Effect.as(
        Effect.andThen(machine.kill(), machine.start(started)),
        Effect.suspend(() => Effect.andThen(machine.kill(), machine.start(choice)))
      )
    }
  },
  {
    name: "an engine is killed",
    weight: 3,
    begin: (world) => {
      const machine = someMachine(world)
      const choice = machine?.run?.choice
      if (machine === undefined || choice === undefined) return Effect.succeed(Effect.void)
      return Effect.as(
        machine.kill(),
        Effect.suspend(() => (machine.run === undefined ? machine.start(choice) : Effect.void))
      )
    }
  },
  {
    name: "an engine is stopped",
    weight: 2,
    begin: (world) => {
      const machine = someMachine(world)
      const choice = machine?.run?.choice
      if (machine === undefined || choice === undefined || upOn(machine) === undefined) return Effect.succeed(Effect.void)
      return Effect.as(
        machine.stop(),
        Effect.suspend(() => (machine.run === undefined ? machine.start(choice) : Effect.void))
      )
    }
  }
]

const nonsense = ["", "{", "[]", "null", '{"data":[]}', '{"e":"depthUpdate"}', "\u0000\u0001", "9".repeat(500), `{"a":${"[".repeat(200)}`]

/** A mishap by its weight. */
export const drawMishap = ({ chance }: World, from: ReadonlyArray<Mishap>): Mishap => {
  let left = chance.between(
    0,
    from.reduce((sum, { weight }) => sum + weight, 0)
  )
  return from.find(({ weight }) => (left -= weight) < 0) ?? from.at(-1)!
}
