/**
 * Readiness is true only when it is: an engine that says so has a thread that works, a database that answers, and a fresh price of every coin;
 * and a coin that nobody has said anything about is `stale`.
 */
import { Detection } from "@evenkeel/detection/host/Detection"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Context, Effect } from "effect"
import { staleAfterSeconds, upOn, type World } from "../world/World.ts"

/** Each of these may last for so long before the engine must have noticed, ms. */
const noticedWithin = { thread: 5000, database: 9000, prices: staleAfterSeconds * 1000 + 4000 } as const

/** Since when something has been so, on the simulation's time; undefined while it is not. */
class Since {
  at: number | undefined

  look(now: number, isSo: boolean): number {
    this.at = isSo ? (this.at ?? now) : undefined
    return this.at === undefined ? 0 : now - this.at
  }
}

export const makeReadyCheck = (world: World) => {
  const silent = new Since()
  const away = new Since()
  return Effect.gen(function* () {
    const { database, machines, time, venues } = world
    const now = time.elapsed
    const silentFor = silent.look(
      now,
      [...venues.values()].every(({ carriesNothing }) => carriesNothing)
    )
    const awayFor = away.look(now, database.down || database.hanging)
    const wrong: Array<string> = []
    for (const machine of machines) {
      const { name, threads } = machine
      const run = upOn(machine)
      const { hangsFor } = threads
      if (run === undefined) continue
      const upFor = now - run.startedAt
      const says = (problem: string) => wrong.push(`${name}: ${problem}`)
      const ready = yield* Context.get(run.services, HealthRegistry).ready
      if (hangsFor > noticedWithin.thread) says(`the thread has hung for ${hangsFor} ms and is not replaced`)
      if (ready && awayFor > noticedWithin.database) says(`ready, and the database has not answered for ${awayFor} ms`)
      if (Math.min(silentFor, upFor) <= noticedWithin.prices || hangsFor > 0 || threads.age < noticedWithin.prices) continue
      if (ready) says(`ready, and no venue has said anything for ${silentFor} ms`)
      const detection = Context.get(run.services, Detection)
      for (const [index, coin] of run.choice.coins.entries()) {
        const level = detection.coin(index)?.level
        if (level !== undefined && level !== "stale") says(`${coin} is ${level}, and no venue has said anything for ${silentFor} ms`)
      }
    }
    return wrong
  })
}
