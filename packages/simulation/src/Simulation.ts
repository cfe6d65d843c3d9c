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
import { emptyDatabase, type SimulatedDatabase } from "./database/SimulatedDatabase.ts"
import { drawMishap, type Mishap, mishaps } from "./world/Mishaps.ts"
import { makeWorld, note, type World } from "./world/World.ts"

export interface Outcome {
  readonly seed: number
  /** What did not hold; empty when everything did. */
  readonly violations: ReadonlyArray<string>
  readonly log: ReadonlyArray<string>
}

const troubledMillis = 60_000
/** Waits between attempts grow to half a minute. */
const calmMillis = 75_000
const lookMillis = 1000

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

/** Everything outside of the engine works again, and the first machine runs an engine. */
const heal = Effect.fnUntraced(function* (world: World) {
  const { choice, database, machines, receivers, venues } = world
  yield* note(world, "everything is mended")
  database.heal()
  for (const venue of venues.values()) venue.heal()
  for (const receiver of receivers) Object.assign(receiver, { failing: false, silent: false, slowMillis: 0 })
  for (const { threads } of machines) threads.hanging = false
  if (machines[0]!.run === undefined) yield* machines[0]!.start(choice)
})

export const simulate = Effect.fnUntraced(function* (seed: number, database: SimulatedDatabase, from: ReadonlyArray<Mishap> = mishaps) {
  database.heal()
  const world = makeWorld(seed, database, troubledMillis)
  const { chance, machines, time } = world
  const machine = machines[0]!
  yield* time.complete(emptyDatabase(database))
  const violations: Array<string> = []
  const isReady = makeReadyCheck(world)
  yield* machine.start(world.choice)
  const go = yield* trouble(world, from, chance.one([2000, 5000, 15_000]))
  const look = Effect.gen(function* () {
    yield* time.pass(lookMillis)
    violations.push(...wrongBooks(world), ...(yield* isReady))
    // The system starts an engine again that has ended by itself.
    if (machine.ends.length > 0 && machine.run === undefined && time.elapsed % 5000 === 0) yield* machine.start(world.choice)
  })
  while (time.elapsed < troubledMillis && violations.length === 0) yield* Effect.andThen(go, look)
  yield* heal(world)
  while (time.elapsed < troubledMillis + calmMillis && violations.length === 0) yield* look
  if (violations.length === 0) violations.push(...(yield* atTheEnd(world)))
  yield* time.complete(machine.stop())
  return { seed, violations, log: world.log } satisfies Outcome
})

/** What must hold once there was time to recover. */
const atTheEnd = Effect.fnUntraced(function* (world: World) {
  const { run } = world.machines[0]!
  if (run?.services === undefined) return ["the engine is not up, and nothing is in its way"]
  const health = Context.get(run.services, HealthRegistry)
  const unready = (yield* health.ready) ? [] : [`not ready, and nothing is in its way: ${JSON.stringify(yield* health.snapshot)}`]
  return [...unready, ...(yield* wrongLog(world, run))]
})
