/**
 * `pnpm sim [--seed N] [--seeds M]`: simulates M worlds from seed N on, each with everything that can go wrong. The first that breaks a promise is told with
 * its seed, and the run ends with 1.
 */
import { NodeServices } from "@effect/platform-node"
import { startDatabase } from "@evenkeel/simulation/database/SimulatedDatabase"
import { simulate } from "@evenkeel/simulation/Simulation"
import { Effect } from "effect"
import { parseArgs } from "node:util"

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    seeds: { type: "string", default: "100" },
    log: { type: "boolean" },
    verbose: { type: "boolean" }
  }
})
const first = Number(values.seed)
const seeds = Number(values.seeds)

const run = Effect.gen(function* () {
  const database = yield* startDatabase
  const began = performance.now()
  for (let seed = first; seed < first + seeds; seed++) {
    const { log, violations } = yield* simulate(seed, database)
    if (values.verbose === true) process.stdout.write(`seed ${seed}: ${(performance.now() - began).toFixed(0)} ms\n`)
    if (values.log === true) process.stdout.write(`${log.join("\n")}\n`)
    if (violations.length === 0) continue
    process.stdout.write(`${log.slice(-60).join("\n")}\n\nseed ${seed}: ${violations.join("\n")}\n\n${seed - first} passed, 1 failed\n`)
    return 1
  }
  process.stdout.write(`${seeds} passed, 0 failed in ${((performance.now() - began) / 1000).toFixed(1)} s\n`)
  return 0
}).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
const code = await Effect.runPromise(run)
// The database has a thread of its own, which would keep the process alive.
process.stdout.write("", () => process.exit(code))
