/**
 * One simulation: a world drawn from a seed, what happens to it, and what must hold all along and at the end.
 *
 * For a while mishaps begin and end; then all of them end, and the engine is given time to recover. Some worlds have few mishaps and some have many.
 */
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Context, Effect } from "effect"
import { wrongBooks } from "./check/Books.ts"
import { wrongLog } from "./check/Log.ts"
import { makeReadyCheck } from "./check/Ready.ts"
import { freeDisk } from "./database/FullDisk.ts"
import { emptyDatabase, type SimulatedDatabase } from "./database/SimulatedDatabase.ts"
import { drawMishap, type Mishap, mishaps } from "./world/Mishaps.ts"
import { alertActions } from "./world/AlertActions.ts"
import type { Chance } from "./world/Chance.ts"
import { makeWorld, note, upOn, type World } from "./world/World.ts"

export interface Outcome {
  readonly seed: number
  /** What did not hold; empty when everything did. */
  readonly violations: ReadonlyArray<string>
  readonly log: ReadonlyArray<string>
}

const troubledMillis = 45_000
/** So long after everything was mended nothing is asked of the engine. */
const calmMillis = 15_000
/** Then what must hold must come to hold: a claim of an engine that was killed lasts a minute, and attempts are a minute apart after some. */
const recoveryMillisMax = 160_000
const lookMillis = 1000
const looksBetween = 5
/** The system starts an engine that has ended by itself again at such times. */
const restartMillis = 5000

/** Begins mishaps at drawn times and ends each after a drawn while. */
const trouble = (world: World, from: ReadonlyArray<Mishap>, everyMillis: number): Effect.Effect<Effect.Effect<void>> =>
  Effect.sync(() => {
    const { chance, time } = world
    const ends: Array<{ readonly at: number; readonly name: string; readonly end: Effect.Effect<void> }> = []
    let next = chance.between(0, 2 * everyMillis)
    return Effect.gen(function* () {
      for (const due of ends.filter(({ at }) => at <= time.elapsed)) {
        ends.splice(ends.indexOf(due), 1)
        yield* note(world, `ends: ${due.name}`)
        yield* due.end
      }
      while (next <= time.elapsed) {
        next += chance.between(0, 2 * everyMillis)
        const mishap = drawMishap(world, from)
        yield* note(world, `begins: ${mishap.name}`)
        ends.push({ name: mishap.name, at: time.elapsed + chance.between(500, 25_000), end: yield* mishap.begin(world) })
      }
    })
  })

/**
 * A world has some of the mishaps: where all happen at once, they hide each other.
 * Source: A. Groce and others, "Swarm Testing", 2012.
 */
const someOf = (chance: Chance, from: ReadonlyArray<Mishap>): ReadonlyArray<Mishap> => {
  const share = chance.one([0.15, 0.3, 1])
  const some = from.filter(() => chance.happens(share))
  return some.length === 0 ? from : some
}

/** Everything outside of the engine works again, and the first machine runs an engine. */
const heal = Effect.fnUntraced(function* (world: World) {
  const { choice, database, machines, receivers, time, venues } = world
  yield* note(world, "everything is mended")
  database.heal()
  yield* Effect.ignoreCause(time.complete(freeDisk(database)))
  for (const venue of venues.values()) venue.heal()
  for (const receiver of receivers) Object.assign(receiver, { failing: false, silent: false, slowMillis: 0 })
  for (const { threads } of machines) threads.hanging = false
  world.liar.bps = 0
  time.wallOffset = 0
  const [first, second] = machines
  // A plan that was reloaded stays.
  if (
    first!.run !== undefined &&
    first!.run.choice.coins.length + first!.run.choice.receivers.length < choice.coins.length + receivers.length
  )
    yield* first!.kill()
  yield* second!.kill()
})

export const simulate = Effect.fnUntraced(function* (seed: number, database: SimulatedDatabase, from: ReadonlyArray<Mishap> = mishaps) {
  database.heal()
  const world = makeWorld(seed, database, troubledMillis)
  const { chance, machines, time } = world
  const machine = machines[0]!
  yield* time.complete(emptyDatabase(database))
  const violations: Array<string> = []
  const isReady = makeReadyCheck(world)
  const startsAfter = world.alerting?.isQuiet === true ? world.alerting.startsAfter : 0
  yield* time.pass(startsAfter)
  yield* machine.start(world.choice)
  yield* time.pass(startsAfter === 0 ? 0 : lookMillis - startsAfter)
  const happening =
    world.alerting === undefined ? someOf(chance, from) : [...(world.alerting.isQuiet ? [] : someOf(chance, from)), ...alertActions]
  const go = yield* trouble(world, happening, chance.one([2000, 4000, 10_000]))
  let isMended = false
  const look = Effect.gen(function* () {
    yield* time.pass(lookMillis)
    violations.push(...wrongBooks(world), ...(yield* isReady))
    if (machine.run === undefined && (isMended || (machine.ends.length > 0 && time.elapsed % restartMillis === 0)))
      yield* machine.start(world.choice)
  })
  while (time.elapsed < troubledMillis && violations.length === 0) yield* Effect.andThen(go, look)
  yield* heal(world)
  isMended = true
  while (time.elapsed < troubledMillis + calmMillis && violations.length === 0) yield* look
  let missing = yield* atTheEnd(world)
  while (missing.length > 0 && time.elapsed < troubledMillis + recoveryMillisMax && violations.length === 0) {
    for (let count = 0; count < looksBetween; count++) yield* look
    missing = yield* atTheEnd(world)
  }
  if (violations.length === 0) violations.push(...missing)
  yield* time.complete(machine.stop())
  return { seed, violations, log: world.log } satisfies Outcome
})

/** What must hold once there was time to recover. */
const atTheEnd = Effect.fnUntraced(function* (world: World) {
  const run = upOn(world.machines[0]!)
  if (run === undefined) return ["the engine is not up, and nothing is in its way"]
  const health = Context.get(run.services, HealthRegistry)
  const lame = (yield* health.snapshot).filter(({ status }) => status !== "running" && status !== "degraded")
  const unready = lame.map(({ component, detail, status }) => `${component} is ${status}, and nothing is in its way: ${detail}`)
  return [...unready, ...(yield* wrongLog(world, run))]
})
